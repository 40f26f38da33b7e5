import type { AddressScope } from '@holdfast/egress-guard'
import type { Target } from './target.ts'

/** `host` or `host:port`; an IPv6 address stands in brackets. */
export const privateHostPattern: RegExp =
  /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::[1-9]\d{0,4})?$/

// A name is controlled by whoever runs its zone: one that the operator vouched for still never leads
// to metadata, link-local or multicast addresses. Those have to be listed as addresses.
const scopesByName: ReadonlySet<AddressScope> = new Set(['loopback', 'private', 'shared'])
const scopesByAddress: ReadonlySet<AddressScope> = new Set([
  ...scopesByName,
  'link-local',
  'documentation',
  'reserved',
])

/** Tells whether an address of this scope may be dialled for a target. */
export type Admits = (target: Target, scope: AddressScope) => boolean

/** Global addresses for anyone, and others for the hosts that the operator lists. */
export function createAdmits(privateHosts: readonly string[]): Admits {
  const listed = new Set(privateHosts.map((entry) => entry.toLowerCase()))
  return ({ url, host, isAddress, port }, scope) => {
    if (scope === 'global') return true
    const name = url.hostname.startsWith('[') ? url.hostname : host
    if (!listed.has(name) && !listed.has(`${name}:${port}`)) return false
    return (isAddress ? scopesByAddress : scopesByName).has(scope)
  }
}
