import { utf8 } from '@holdfast/protocol'
import type { ParsedDispatch } from './parse-request.ts'

/** Headers and body as the enclave is asked to send them. */
export interface OutgoingParts {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/**
 * Makes the bytes of the upstream request. JSON goes out as the caller wrote it, so that large
 * numbers keep their digits; `Content-Type: application/json` is added only when absent.
 */
export function outgoingParts({ request, bodyText }: ParsedDispatch): OutgoingParts {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers[name.toLowerCase()] = value
  }
  if (bodyText !== undefined) {
    headers['content-type'] ??= 'application/json'
    return { headers, body: utf8(bodyText) }
  }
  return { headers, body: typeof request.body === 'string' ? utf8(request.body) : undefined }
}
