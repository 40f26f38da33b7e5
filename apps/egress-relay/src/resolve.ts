import { lookup, Resolver } from 'node:dns/promises'
import { canonicalAddress, classifyAddress } from '@holdfast/egress-guard'
import { failureCode, RefusalError } from './errors.ts'
import type { Host } from './host.ts'
import { admits, type Verdict } from './policy.ts'

/** Asks for all addresses of a DNS name; rejects or answers with an empty list when there are none. */
export type LookupAddresses = (name: string) => Promise<readonly string[]>

const MAX_ADDRESSES = 32
const LOOPBACK = ['127.0.0.1', '::1']

/**
 * Finds the addresses that may be dialled for a host. The name is asked for once and what is returned
 * is what gets dialled, so a second, different answer (DNS rebinding) is never seen.
 *
 * @throws RefusalError NON_PUBLIC_ADDRESS when any one address is not admitted (a mixed answer is an
 * attack or a mistake, and choosing the good half would make it a race), DNS_FAILED when there is none.
 */
export async function resolveHost(
  host: Host,
  verdict: Verdict,
  lookupAddresses: LookupAddresses,
): Promise<readonly string[]> {
  const addresses = host.kind === 'name' ? await askFor(host.value, lookupAddresses) : [host.value]
  for (const address of addresses) {
    const scope = classifyAddress(address)
    if (!admits(verdict, host, scope)) throw new RefusalError('NON_PUBLIC_ADDRESS', scope)
  }
  return addresses
}

/** The system's resolver (hosts file, search list, nsswitch), or the given DNS servers (`ip` or `ip:port`). */
export function createLookup(dnsServers: readonly string[] | undefined): LookupAddresses {
  if (dnsServers === undefined || dnsServers.length === 0) {
    return async (name) => {
      const answers = await lookup(name, { all: true, order: 'verbatim' })
      return answers.map(({ address }) => address)
    }
  }
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  resolver.setServers(dnsServers)
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (found.length === 0 && failed !== undefined) throw failed.reason
    return found
  }
}

async function askFor(name: string, lookupAddresses: LookupAddresses): Promise<readonly string[]> {
  // RFC 6761 section 6.3: these names are loopback whatever a DNS server says.
  if (name === 'localhost' || name.endsWith('.localhost')) return LOOPBACK
  const answers = await lookupAddresses(name).catch((cause: unknown) => {
    throw new RefusalError('DNS_FAILED', failureCode(cause), { cause })
  })
  if (answers.length === 0) throw new RefusalError('DNS_FAILED', 'no addresses')
  if (answers.length > MAX_ADDRESSES) throw new RefusalError('DNS_FAILED', 'too many addresses')
  return [...new Set(answers.map((answer) => checkedForm(answer)))]
}

function checkedForm(answer: string): string {
  try {
    return canonicalAddress(answer)
  } catch (cause) {
    // A hosts file can name a scoped address (fe80::1%eth0), which is link-local by definition.
    throw new RefusalError('NON_PUBLIC_ADDRESS', 'scoped address', { cause })
  }
}
