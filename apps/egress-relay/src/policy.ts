import { ConfigError } from './errors.ts'
import { canonicalHost, type Host, type Target } from './host.ts'
import type { AddressScope } from '@holdfast/egress-guard'

/** What the operator lets the enclave reach. */
export interface PolicyOptions {
  /**
   * Hosts that may be reached at public addresses: `host`, `*.suffix` (any depth below, not the
   * suffix itself) or `*` (any host), each optionally with `:port`. Without a port every port.
   */
  readonly allow: readonly string[]
  /**
   * Hosts that may be reached although their address is not public: `host` or `host:port`, no
   * wildcards. An entry also allows the host; it need not stand in `allow` again.
   */
  readonly allowPrivate: readonly string[]
}

/** `deny`; `public`: at global addresses only; `private`: also at the operator's own addresses. */
export type Verdict = 'deny' | 'public' | 'private'

/** Decides on a canonical target. Pure and total. */
export type Policy = (target: Target) => Verdict

interface Rule {
  readonly matches: (host: Host) => boolean
  readonly port: number | undefined
}

const WITH_PORT = /^(\[[^\]]*\]|[^:]*):([1-9]\d{0,4})$/

// A name is controlled by whoever runs its zone, so a name that the operator vouched for still never
// leads to metadata, link-local or multicast addresses; those have to be listed as addresses.
const SCOPES_BY_NAME: ReadonlySet<AddressScope> = new Set(['loopback', 'private', 'shared'])
const SCOPES_BY_ADDRESS: ReadonlySet<AddressScope> = new Set([
  ...SCOPES_BY_NAME,
  'link-local',
  'metadata',
  'documentation',
  'reserved',
])

/**
 * Compiles the operator's rules; what no rule allows is denied.
 *
 * @throws ConfigError when a rule is not one of the documented forms.
 */
export function createPolicy({ allow, allowPrivate }: PolicyOptions): Policy {
  const publicRules = allow.map((text) => parseRule(text))
  const privateRules = allowPrivate.map((text) => {
    if (text.includes('*')) throw new ConfigError(`allowPrivate takes no wildcard: ${text}`)
    return parseRule(text)
  })
  return (target) => {
    if (privateRules.some((rule) => applies(rule, target))) return 'private'
    return publicRules.some((rule) => applies(rule, target)) ? 'public' : 'deny'
  }
}

/** Whether an address of this scope may be dialled for a host under this verdict. */
export function admits(verdict: Verdict, host: Host, scope: AddressScope): boolean {
  if (verdict === 'deny') return false
  if (scope === 'global') return true
  if (verdict === 'public') return false
  return (host.kind === 'name' ? SCOPES_BY_NAME : SCOPES_BY_ADDRESS).has(scope)
}

function applies(rule: Rule, { host, port }: Target): boolean {
  return (rule.port === undefined || rule.port === port) && rule.matches(host)
}

function parseRule(text: string): Rule {
  const parts = WITH_PORT.exec(text)
  const pattern = parts?.[1] ?? text
  const port = parts?.[2] === undefined ? undefined : Number(parts[2])
  if (port !== undefined && port > 65_535) throw new ConfigError(`not an egress rule: ${text}`)
  return { matches: parsePattern(pattern, text), port }
}

function parsePattern(pattern: string, rule: string): (host: Host) => boolean {
  if (pattern === '*') return () => true
  const wildcard = pattern.startsWith('*.')
  const expected = ruleHost(wildcard ? pattern.slice(2) : pattern, rule)
  if (!wildcard) return ({ value }) => value === expected.value
  if (expected.kind !== 'name') throw new ConfigError(`a wildcard needs a name: ${rule}`)
  const suffix = `.${expected.value}`
  return ({ kind, value }) => kind === 'name' && value.endsWith(suffix)
}

function ruleHost(text: string, rule: string): Host {
  try {
    return canonicalHost(text)
  } catch (cause) {
    throw new ConfigError(`not an egress rule: ${rule}`, { cause })
  }
}
