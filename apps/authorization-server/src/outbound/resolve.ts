import { lookup, Resolver } from 'node:dns/promises'
import { canonicalAddress, classifyAddress } from '@holdfast/egress-guard'
import { OutboundError } from './errors.ts'
import type { Admits } from './private-hosts.ts'
import type { Target } from './target.ts'

/** Asks for all addresses of a name. */
export type LookupAddresses = (name: string) => Promise<readonly string[]>

const maxAddresses = 32

/** The system's resolver, or the given DNS servers (`ip` or `ip:port`). */
export function createLookup(dnsServers: readonly string[]): LookupAddresses {
  if (dnsServers.length === 0) {
    return async (name) =>
      (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address)
  }
  const resolver = new Resolver({ timeout: 1500, tries: 2 })
  resolver.setServers(dnsServers)
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

/**
 * The addresses that may be dialled for a target. The name is asked for once, and what is returned is
 * what gets dialled, so a second, different answer (DNS rebinding) is never seen.
 *
 * @throws OutboundError DNS_FAILED; NON_PUBLIC_ADDRESS when any one address is not admitted
 */
export async function resolveTarget(
  target: Target,
  lookupAddresses: LookupAddresses,
  admits: Admits,
): Promise<readonly string[]> {
  const addresses = await addressesOf(target, lookupAddresses)
  for (const address of addresses) {
    if (!admits(target, classifyAddress(address))) throw new OutboundError('NON_PUBLIC_ADDRESS')
  }
  return addresses
}

async function addressesOf(
  { host, isAddress }: Target,
  lookupAddresses: LookupAddresses,
): Promise<readonly string[]> {
  if (isAddress) return [canonicalAddress(host)]
  // RFC 6761 section 6.3: loopback, whatever a DNS server says.
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const answers = await lookupAddresses(host).catch((cause: unknown) => {
    throw new OutboundError('DNS_FAILED', { cause })
  })
  if (answers.length === 0 || answers.length > maxAddresses) throw new OutboundError('DNS_FAILED')
  return [...new Set(answers.map(checkedForm))]
}

function checkedForm(answer: string): string {
  try {
    return canonicalAddress(answer)
  } catch (cause) {
    // A hosts file can name a scoped address (fe80::1%eth0), which is link-local by definition.
    throw new OutboundError('NON_PUBLIC_ADDRESS', { cause })
  }
}
