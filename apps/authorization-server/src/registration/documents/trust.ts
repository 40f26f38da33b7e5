import type { Storage } from '@holdfast/storage'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Config } from '../../config.ts'
import { addressGroup } from '../../http/address-group.ts'
import { DocumentError } from './errors.ts'

export interface TrustOptions {
  readonly hosts: Pick<Storage['clientHosts'], 'find' | 'isDenied' | 'wait'>
  readonly settings: Pick<Config['registration'], 'trust' | 'allowedHosts'>
  /** Called once for each host that begins to wait. */
  readonly onWaiting: (host: string, clientId: string) => Promise<void>
}

/** A client of a host, as it is about to be used. */
export interface HostedClient {
  readonly host: string
  readonly clientId: string
  /** Its host then needs no trust. */
  readonly isPinned: boolean
  /** Address of the caller. */
  readonly from: string | undefined
}

/** Decides whether this server takes a client of a host. */
export type RequireTrust = (client: HostedClient) => Promise<void>

/** Hosts that one address (for IPv6 its /64) may put on the waiting list in an hour. */
const waitingPerAddress = 10

/**
 * Makes the decision. A denied host is denied in every case. `open` takes every other one, `allow-list`
 * those of the setting and those that an administrator approved; `review` the same, and any other host
 * waits for an administrator.
 *
 * @throws (the decision) DocumentError HOST_DENIED, HOST_NOT_ALLOWED, HOST_WAITING
 */
export function createTrust({ hosts, settings, onWaiting }: TrustOptions): RequireTrust {
  const { trust, allowedHosts } = settings
  const budget = new RateLimiterMemory({ points: waitingPerAddress, duration: 3600 })
  const mayWait = async (from: string | undefined): Promise<boolean> =>
    from === undefined ||
    budget.consume(addressGroup(from)).then(
      () => true,
      () => false,
    )

  return async ({ host, clientId, isPinned, from }) => {
    if (await hosts.isDenied(host)) {
      throw new DocumentError(
        'HOST_DENIED',
        `An administrator of this server has turned away apps of ${host}.`,
        `holdfast clients approve ${host}`,
      )
    }
    if (trust === 'open' || isPinned) return
    const decision = (await hosts.find(host))?.decision
    if (decision === 'approved') return
    if (allowedHosts.some((pattern) => matchesHost(pattern, host))) return
    const fix = `holdfast clients approve ${host}`
    if (trust === 'allow-list') {
      throw new DocumentError(
        'HOST_NOT_ALLOWED',
        `This server takes apps of known hosts only, and ${host} is not one of them. Ask an administrator to allow it.`,
        fix,
      )
    }
    // Beyond the budget the person is told the same: the command on the page needs no waiting list.
    if (decision === undefined && (await mayWait(from)) && (await hosts.wait(host, clientId))) {
      await onWaiting(host, clientId)
    }
    throw new DocumentError(
      'HOST_WAITING',
      `Apps of ${host} have not been used here before. An administrator has to approve them once; then start again in the app.`,
      fix,
    )
  }
}

/** `host`, `host:port`, or `*.host` for any host below it. */
export function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host
}
