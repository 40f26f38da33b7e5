import type { DispatchResponse } from '@holdfast/protocol'
import type { ConnectLinks } from '../connect/tickets.ts'
import type { UpstreamAnswer } from './call-enclave.ts'
import type { CallerRefusal, DispatchRefusal } from './refusal.ts'
import { wireBody } from './response-body.ts'

/** An HTTP answer with a JSON body. */
export interface Answer {
  readonly status: number
  /** JSON. */
  readonly text: string
  /** Value of `WWW-Authenticate`. */
  readonly challenge?: string | undefined
  /** Value of `DPoP-Nonce`. */
  readonly nonce?: string | undefined
  /** All that it rests on was read before its record, and is on disk with it. */
  readonly isOnDisk?: boolean
}

/** An upstream answered, whatever its status. To be given when the call is on record. */
export function success({ result, body }: UpstreamAnswer): Answer {
  const { json, encoding } = wireBody(result.headers['content-type'], body)
  const headers = JSON.stringify(result.headers)
  const suffix = encoding === undefined ? '' : `,"body_encoding":"${encoding}"`
  return {
    status: 200,
    isOnDisk: true,
    text: `{"success":true,"response":{"status":${result.status},"headers":${headers},"body":${json}${suffix}}}`,
  }
}

/**
 * The call was refused, or no upstream answered it.
 *
 * @param links - of the page on which the user repairs the connection
 */
export function failure(
  { code, message, retryable }: DispatchRefusal,
  links?: ConnectLinks,
): Answer {
  const error = { code, message, retryable, ...links }
  return { status: 200, text: JSON.stringify({ success: false, error } satisfies DispatchResponse) }
}

/** The caller is not who it claims to be. */
export const refused = ({ status, message, challenge, nonce }: CallerRefusal): Answer => ({
  status,
  text: JSON.stringify({ error: status === 401 ? 'unauthorized' : 'forbidden', detail: message }),
  challenge,
  nonce,
})

/** Not retryable: the upstream may have been called, only the record of it is missing. */
export const notRecorded: Answer = {
  status: 500,
  text: JSON.stringify({
    success: false,
    error: {
      code: 'DOWNSTREAM_UNREACHABLE',
      message: 'the call could not be completed and recorded, so its answer is withheld',
      retryable: false,
    },
  }),
}
