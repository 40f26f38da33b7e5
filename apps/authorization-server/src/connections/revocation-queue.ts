import { type ProviderRevocation, recordContextSchema } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { Storage, TokenRevocation } from '@holdfast/storage'
import { type AuditEventType, recordEvent } from '../audit/recorder.ts'
import { type BoundRecord, type EnclaveClient, providerMs } from '../enclave-client/client.ts'
import { pauseAfter } from './refresh-failure.ts'

/** What telling providers needs of the process. */
export interface RevocationParts {
  readonly storage: Pick<Storage, 'tokenRevocations' | 'connections' | 'audit'>
  readonly enclave: Pick<EnclaveClient, 'revokeTokens'>
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** Tells providers to end the tokens of revoked connections. */
export interface RevocationQueue {
  /** Works off what is due. Answers how many providers were asked. */
  work(): Promise<number>
}

const atOnce = 8
const firstPauseMs = 5000
const longestPauseMs = 3_600_000
/** After this the owner must do it at the provider; the audit log says so. */
const giveUpAfterMs = 7 * 86_400_000

/** Failures that another attempt cannot change. */
const final: ReadonlySet<string> = new Set([
  'BINDING_MISMATCH',
  'DECRYPTION_FAILED',
  'INVALID_REQUEST',
  'NEEDS_RECONNECT',
])

const events: Readonly<Record<Exclude<ProviderRevocation, 'pending'>, AuditEventType>> = {
  revoked: 'connection.provider_revoked',
  nothing_to_revoke: 'connection.provider_revoked',
  not_supported: 'connection.revocation_not_supported',
  failed: 'connection.revocation_failed',
}

/** Makes the worker of the queue; the queue itself lies in storage. */
export function createRevocationQueue(parts: RevocationParts): RevocationQueue {
  const { storage, enclave, clock } = parts
  const queue = storage.tokenRevocations

  async function work(): Promise<number> {
    const claimed = await queue.claim(atOnce, providerMs * 2)
    await Promise.all(claimed.map(revoke))
    return claimed.length
  }

  async function revoke(job: TokenRevocation): Promise<void> {
    try {
      const { outcome } = await enclave.revokeTokens(bound(job), job.app && bound(job.app))
      await settle(job, outcome, outcome)
    } catch (error) {
      if (!(error instanceof EnclaveError)) throw error
      const isOver = clock() - job.createdAtMs > giveUpAfterMs
      if (isOver || final.has(error.code)) {
        await settle(job, 'failed', error.code)
        return
      }
      const pauseMs = pauseAfter(error, job.attempts, firstPauseMs, longestPauseMs)
      await queue.retryAt(job.id, clock() + pauseMs)
    }
  }

  // Recorded first: told twice does no harm, forgotten does.
  async function settle(
    { id, handle, owner, attempts }: TokenRevocation,
    state: Exclude<ProviderRevocation, 'pending'>,
    code: string,
  ): Promise<void> {
    await recordEvent(storage.audit, {
      type: events[state],
      outcome: state === 'failed' ? 'failed' : 'success',
      actor: 'system',
      subject: owner,
      connection: handle,
      detail: { attempts: attempts + 1, ...(code !== 'revoked' && { code }) },
    })
    await storage.connections.noteProviderRevocation(handle, state)
    await queue.finish(id)
  }

  return { work }
}

const bound = ({ context, record }: Pick<TokenRevocation, 'context' | 'record'>): BoundRecord => {
  const parsed = recordContextSchema.safeParse(context)
  if (parsed.success) return { context: parsed.data, record }
  throw new EnclaveError('DECRYPTION_FAILED', 'the stored revocation is damaged')
}
