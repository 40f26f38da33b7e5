import type { DispatchErrorCode } from '@holdfast/protocol'
import type { DispatchResult } from '@holdfast/protocol/enclave'
import type { AuditLog } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import type { Caller } from './caller.ts'
import type { ParsedDispatch } from './parse-request.ts'

/** What is recorded of one dispatch. */
export interface DispatchRecord {
  readonly caller: Caller
  readonly requestId: string
  /** Absent when the request could not be read. */
  readonly call?: ParsedDispatch | undefined
  /** Absent when no upstream answered. */
  readonly result?: Pick<DispatchResult, 'host' | 'status'> | undefined
  readonly code?: DispatchErrorCode | undefined
  readonly durationMs: number
}

const failures: ReadonlySet<DispatchErrorCode> = new Set([
  'DOWNSTREAM_TIMEOUT',
  'DOWNSTREAM_UNREACHABLE',
  'DOWNSTREAM_TLS_ERROR',
  'DOWNSTREAM_AUTH_FAILURE',
  'ENCLAVE_UNAVAILABLE',
])

/** Puts a dispatch on disk. Nothing of its outcome may be answered before this resolves. */
export async function recordDispatch(
  audit: Pick<AuditLog, 'append'>,
  record: DispatchRecord,
): Promise<void> {
  const { caller, call, result, code } = record
  // In order of their names, which is the order in which they are stored.
  const detail: Record<string, string | number> = {}
  if (code) detail['code'] = code
  if (result) detail['host'] = result.host
  if (call) detail['method'] = call.request.method
  detail['ms'] = record.durationMs
  // Without the query, which may hold what nobody should read in a log.
  if (call) detail['path'] = call.path.pathname.slice(0, 256)
  if (result) detail['status'] = result.status
  detail['via'] = caller.via
  await recordEvent(audit, {
    type: 'dispatch',
    outcome: code === undefined ? 'success' : failures.has(code) ? 'failed' : 'denied',
    actor: caller.sub,
    client: caller.clientId,
    resource: caller.resource,
    connection: call?.handle,
    grant: caller.grant,
    request_id: record.requestId,
    detail,
  })
}
