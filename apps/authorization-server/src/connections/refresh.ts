import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnclaveError } from '@holdfast/protocol/channel'
import { type Connection, type Storage, StorageError } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import type { EnclaveClient } from '../enclave-client/client.ts'
import { appOf, boundRecord } from './bound-record.ts'
import { failureOf } from './refresh-failure.ts'
import { isDue, timesOf } from './token-times.ts'

/** What renewing needs of the process. */
export interface RefreshParts {
  readonly storage: Pick<Storage, 'connections' | 'audit'>
  readonly enclave: Pick<EnclaveClient, 'refresh'>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Longer than an attempt can take. Default 30000. */
  readonly leaseMs?: number
}

/** Renews tokens: one attempt at a time for each connection, in this process and in all others. */
export interface TokenRefresher {
  /**
   * Renews a token that is due; resolves once a usable one is stored, by whomever.
   *
   * @throws EnclaveError `NEEDS_RECONNECT`, `TOKEN_REFUSED`, `DOWNSTREAM_*`, `ENCLAVE_UNAVAILABLE`
   */
  ensureFresh(connection: RenewableToken): Promise<void>
  /**
   * Renews a token that the upstream refused although it is not due. False when that was done a moment
   * ago: an upstream that always refuses must not make us ask its provider each time. Throws what
   * {@link ensureFresh} throws.
   */
  renewRefused(connection: RenewableToken): Promise<boolean>
  /** Ends what others began and did not end. */
  recoverAbandoned(): Promise<void>
}

/** What is known of a token that may have to be renewed. */
export type RenewableToken = Pick<
  Connection,
  'handle' | 'recordVersion' | 'tokenExpiresAtMs' | 'tokenRefreshAtMs'
>

const defaultLeaseMs = 30_000
const pollMs = { first: 10, longest: 250 }
const abandonedAtOnce = 20
const refusedAgainMs = 30_000
const maxRemembered = 10_000

/** Makes the refresher. @see the ADR on token refresh */
export function createTokenRefresher(parts: RefreshParts): TokenRefresher {
  const { storage, clock, leaseMs = defaultLeaseMs } = parts
  const { connections } = storage
  const underWay = new Map<string, Promise<void>>()
  const refusedAt = new Map<string, number>()

  const once = (seen: RenewableToken, force: boolean): Promise<void> => {
    const name = `${seen.handle} ${seen.recordVersion} ${force}`
    const known = underWay.get(name)
    if (known) return known
    const started = renewed(seen, force).finally(() => underWay.delete(name))
    underWay.set(name, started)
    return started
  }

  async function renewed(seen: RenewableToken, force: boolean): Promise<void> {
    const giveUpAt = performance.now() + leaseMs + defaultLeaseMs / 4
    let { recordVersion: version } = seen
    let pauseMs = pollMs.first
    for (;;) {
      const current = await connections.find(seen.handle)
      if (!current || !isRenewable(current)) return
      if (current.recordVersion !== version) {
        // Somebody renewed it, or authorized it anew; or only its policy was changed, which keeps the token.
        if (current.tokenExpiresAtMs !== seen.tokenExpiresAtMs) return
        version = current.recordVersion
      }
      if (!force && !isDue(current, clock())) return
      requireCooledDown(current, clock())
      const owner = randomUUID()
      const lease = { owner, version, untilMs: clock() + leaseMs }
      const leased = await connections.leaseRefresh(seen.handle, lease)
      if (leased && (await attempt(leased, owner)) === 'done') return
      if (performance.now() > giveUpAt) throw stillBusy()
      if (!leased) {
        await sleep(pauseMs * (0.5 + Math.random()))
        pauseMs = Math.min(pauseMs * 1.5, pollMs.longest)
      }
    }
  }

  /** One attempt under the lease; `changed` when the connection became another meanwhile. */
  async function attempt(connection: Connection, owner: string): Promise<'done' | 'changed'> {
    const { handle, recordVersion: expectedVersion } = connection
    try {
      const bound = boundRecord(connection)
      if (!bound) return 'done'
      const app = await appOf(connections, connection)
      const { facts, record } = await parts.enclave.refresh(bound, app)
      const version = expectedVersion + 1
      const tokens = timesOf(facts, clock())
      await connections.storeTokens(handle, { expectedVersion, version, record, tokens })
      await audit(connection, 'connection.refreshed', { version })
      return 'done'
    } catch (error) {
      if (error instanceof StorageError) {
        await connections.releaseRefresh(handle, owner)
        // The enclave still knows the answer: the next attempt binds it to what the connection is now.
        if (error.code === 'VERSION_CONFLICT') return 'changed'
        if (error.code === 'NOT_FOUND') return 'done'
      }
      return failed(connection, owner, error)
    }
  }

  async function failed(
    connection: Connection,
    owner: string,
    error: unknown,
  ): Promise<'done' | 'changed'> {
    const { handle, recordVersion: version } = connection
    const failure = failureOf(error, connection.refreshFailures)
    if (!failure) {
      await connections.releaseRefresh(handle, owner)
      throw error
    }
    const { needsReconnect, pauseMs } = failure
    const retryAtMs = clock() + pauseMs
    const wasNoted = await connections.failRefresh(handle, {
      ...{ owner, version, retryAtMs, needsReconnect },
    })
    if (!wasNoted) return 'changed'
    if (needsReconnect) {
      await audit(connection, 'connection.needs_reconnect', { version, code: failure.code })
    }
    throw error
  }

  const audit = (
    { handle, owner }: Connection,
    type: 'connection.refreshed' | 'connection.needs_reconnect',
    detail: Record<string, string | number>,
  ) =>
    recordEvent(storage.audit, {
      type,
      outcome: type === 'connection.refreshed' ? 'success' : 'failed',
      actor: 'system',
      subject: owner,
      connection: handle,
      detail,
    })

  return {
    async ensureFresh(connection) {
      try {
        await once(connection, false)
        // An answer that the enclave kept for a process that died may be over by now.
        const current = await connections.find(connection.handle)
        if (current && isOver(current, clock())) await once(current, false)
      } catch (error) {
        if (!isStillGood(connection, clock()) || isNeedsReconnect(error)) throw error
      }
    },
    async renewRefused(connection) {
      const { handle } = connection
      if (clock() - (refusedAt.get(handle) ?? -Infinity) < refusedAgainMs) return false
      if (refusedAt.size >= maxRemembered) refusedAt.clear()
      refusedAt.set(handle, clock())
      await once(connection, true)
      return true
    },
    async recoverAbandoned() {
      for (const handle of await connections.abandonedRefreshes(abandonedAtOnce)) {
        const connection = await connections.find(handle)
        // What became of the attempt is noted with the connection.
        if (connection) await once(connection, true).catch(() => undefined)
      }
    },
  }
}

const isRenewable = ({ status, record }: Connection): boolean =>
  (status === 'active' || status === 'paused') && record !== undefined

const isOver = ({ tokenExpiresAtMs }: RenewableToken, nowMs: number): boolean =>
  tokenExpiresAtMs !== undefined && nowMs >= tokenExpiresAtMs

const isStillGood = ({ tokenExpiresAtMs }: RenewableToken, nowMs: number): boolean =>
  tokenExpiresAtMs !== undefined && nowMs < tokenExpiresAtMs

const isNeedsReconnect = (error: unknown): boolean =>
  error instanceof EnclaveError && error.code === 'NEEDS_RECONNECT'

function requireCooledDown({ refreshRetryAtMs }: Connection, nowMs: number): void {
  if (refreshRetryAtMs === undefined || nowMs >= refreshRetryAtMs) return
  const seconds = Math.ceil((refreshRetryAtMs - nowMs) / 1000)
  throw new EnclaveError(
    'DOWNSTREAM_UNREACHABLE',
    `the provider’s token endpoint failed a moment ago; it is asked again in ${seconds} s`,
  )
}

const stillBusy = (): EnclaveError =>
  new EnclaveError('DOWNSTREAM_TIMEOUT', 'the token of this connection is still being renewed')
