import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import type { AuditLog } from '@holdfast/storage'
import type { Logger } from 'pino'
import type { EnclaveClient } from '../enclave-client/client.ts'

/** Has the enclave vouch for the audit chain while it grows. */
export interface HeadSigner {
  /** Signs the latest record now, unless it is signed already. Never rejects. */
  sign(): Promise<void>
  /** Signs a last time, if the enclave answers within a second, and stops. */
  stop(): Promise<void>
}

export interface HeadSignerOptions {
  readonly audit: Pick<AuditLog, 'head' | 'saveSignedHead'>
  readonly enclave: Pick<EnclaveClient, 'signHead'>
  readonly logger: Pick<Logger, 'warn'>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Least time between two signatures. Default 1000. */
  readonly intervalMs?: number | undefined
}

const lastSignatureMs = 1000

/**
 * Starts signing: at once, then at most once per interval while records arrive. A head that could not
 * be signed is tried again at the next interval; records are never held back for it.
 */
export function startHeadSigner(options: HeadSignerOptions): HeadSigner {
  const { audit, enclave, logger, clock } = options
  let signedSeq = 0
  let failing = false
  let running: Promise<void> | undefined

  async function signLatest(): Promise<void> {
    try {
      const head = await audit.head()
      if (head.seq <= signedSeq) return
      const time = new Date(clock()).toISOString()
      await audit.saveSignedHead(await enclave.signHead({ seq: head.seq, hash: head.hash, time }))
      signedSeq = head.seq
      failing = false
    } catch (error) {
      const error_code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
      if (!failing) logger.warn({ error_code }, 'the audit head could not be signed; trying again')
      failing = true
    }
  }

  const sign = (): Promise<void> => (running ??= signLatest().finally(() => (running = undefined)))
  const timer = setInterval(() => void sign(), options.intervalMs ?? 1000)
  timer.unref()
  void sign()
  return {
    sign,
    async stop() {
      clearInterval(timer)
      const last = (running ?? Promise.resolve()).then(sign)
      // The records are safe without it; an enclave that hangs must not hold up the end.
      await Promise.race([last, setTimeoutPromise(lastSignatureMs, undefined, { ref: false })])
    },
  }
}
