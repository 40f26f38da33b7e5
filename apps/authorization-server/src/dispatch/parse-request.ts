import {
  type DispatchRequest,
  dispatchRequestSchema,
  isDispatchRequest,
  parseRequestPath,
  ProtocolError,
  type RequestPath,
} from '@holdfast/protocol'
import { DispatchRefusal } from './refusal.ts'
import { forbiddenHeader } from './request-headers.ts'
import { parseStrictJson, StrictJsonError } from './strict-json.ts'

/** A dispatch request whose every part has been checked. */
export interface ParsedDispatch {
  readonly handle: DispatchRequest['connection_handle']
  readonly request: DispatchRequest['request']
  readonly path: RequestPath
  /** JSON text of `request.body` as the caller wrote it, when that is an object or an array. */
  readonly bodyText: string | undefined
}

/**
 * Reads the wire form of `POST /dispatch`.
 *
 * @throws DispatchRefusal `INVALID_REQUEST` for anything but the documented form, `BAD_REQUEST` for
 *   a path that two readers could understand differently
 */
export function parseDispatch(contentType: string | undefined, body: Uint8Array): ParsedDispatch {
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? '')) {
    throw new DispatchRefusal(
      'INVALID_REQUEST',
      'send the request as Content-Type application/json',
    )
  }
  const { text, value, span } = parseJson(body)
  const { connection_handle: handle, request } = readRequest(value)
  const forbidden = forbiddenHeader(Object.keys(request.headers ?? {}))
  if (forbidden) {
    throw new DispatchRefusal(
      'INVALID_REQUEST',
      `the header ${forbidden} cannot be set by a dispatch; remove it`,
    )
  }
  const isJson = typeof request.body === 'object' && request.body !== null
  return {
    handle,
    request,
    path: parsePath(request.path),
    bodyText: isJson && span ? text.slice(span.start, span.end).trim() : undefined,
  }
}

function readRequest(value: unknown): DispatchRequest {
  if (isDispatchRequest(value)) return value
  const parsed = dispatchRequestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue?.path.map(String).filter(isFieldName).join('.') || 'the body'
  throw new DispatchRefusal('INVALID_REQUEST', `${where}: ${reason(issue?.code)}`)
}

function parseJson(body: Uint8Array): ReturnType<typeof parseStrictJson> {
  try {
    return parseStrictJson(body, ['request', 'body'])
  } catch (error) {
    if (error instanceof StrictJsonError)
      throw new DispatchRefusal('INVALID_REQUEST', error.message)
    throw error
  }
}

function parsePath(path: string): RequestPath {
  try {
    return parseRequestPath(path)
  } catch (error) {
    if (error instanceof ProtocolError) throw new DispatchRefusal('BAD_REQUEST', error.message)
    throw error
  }
}

const fieldNames = new Set([
  'connection_handle',
  'request',
  'method',
  'path',
  'body',
  'headers',
  'timeout_ms',
])
const isFieldName = (name: string): boolean => fieldNames.has(name)

// Our own words for each kind of problem: the library's messages may repeat what the caller sent.
const reasons: Record<string, string> = {
  invalid_type: 'missing, or of the wrong type',
  unrecognized_keys: 'holds an unknown field',
  invalid_value: 'not one of the allowed values',
  too_big: 'too large or too long',
  too_small: 'too small or too short',
  invalid_format: 'malformed',
  invalid_union: 'must be an object, an array, a string or null',
  invalid_key: 'holds a malformed name',
}
const reason = (code: string | undefined): string => reasons[code ?? ''] ?? 'malformed'
