import type { Storage } from '@holdfast/storage'
import type { Config } from '../../config.ts'
import { DocumentError } from './errors.ts'

export interface TrustOptions {
  readonly hosts: Pick<Storage['clientHosts'], 'find' | 'isDenied' | 'wait'>
  readonly settings: Pick<Config['registration'], 'trust' | 'allowedHosts'>
  /** Called once for each host that begins to wait. */
  readonly onWaiting: (host: string, clientId: string) => Promise<void>
}

/** Decides whether this server takes a client of a host; for a pinned document the host needs no trust. */
export type RequireTrust = (host: string, clientId: string, isPinned: boolean) => Promise<void>

/**
 * Makes the decision. A denied host is denied in every case. `open`: every host that is not denied. `allow-list`: those of the setting, and
 * those that an administrator approved. `review`: the same, and any other host waits for one.
 *
 * @throws (the decision) DocumentError HOST_DENIED, HOST_NOT_ALLOWED, HOST_WAITING
 */
export function createTrust({ hosts, settings, onWaiting }: TrustOptions): RequireTrust {
  const { trust, allowedHosts } = settings
  return async (host, clientId, isPinned) => {
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
    if (decision === undefined && (await hosts.wait(host, clientId)))
      await onWaiting(host, clientId)
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
