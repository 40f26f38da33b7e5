import { z } from 'zod'
import {
  type ConnectionHandle,
  connectionHandleSchema,
  isConnectionHandle,
} from './connection-handle.ts'
import { dispatchMethods } from './policy.ts'

/** Every code that a failed dispatch can carry, with whether the same call may succeed later. */
export const dispatchErrors = {
  CONNECTION_NOT_FOUND: { retryable: false },
  CONNECTION_REVOKED: { retryable: false },
  CONNECTION_SUSPENDED: { retryable: false },
  ORG_MISMATCH: { retryable: false },
  DECRYPTION_FAILED: { retryable: false },
  INVALID_REQUEST: { retryable: false },
  BAD_REQUEST: { retryable: false },
  DOWNSTREAM_TIMEOUT: { retryable: true },
  DOWNSTREAM_UNREACHABLE: { retryable: true },
  DOWNSTREAM_TLS_ERROR: { retryable: false },
  DOWNSTREAM_AUTH_FAILURE: { retryable: false },
  DOWNSTREAM_RATE_LIMITED: { retryable: true },
  ENCLAVE_UNAVAILABLE: { retryable: true },
} as const satisfies Record<string, { readonly retryable: boolean }>

export type DispatchErrorCode = keyof typeof dispatchErrors

/** All {@link DispatchErrorCode} values. */
export const dispatchErrorCodes: readonly DispatchErrorCode[] = Object.keys(
  dispatchErrors,
) as DispatchErrorCode[]

/** A JSON value that fits the wire form's `body`: what a tool sends or an upstream returned. */
export type DispatchBody = { readonly [key: string]: unknown } | readonly unknown[] | string | null

/** The HTTP request that the enclave is asked to make. */
export interface HttpRequest {
  readonly method: (typeof dispatchMethods)[number]
  /** Path with query below the credential's base URL; sent as it is. */
  readonly path: string
  readonly body?: DispatchBody | undefined
  readonly headers?: Readonly<Record<string, string>> | null | undefined
  /** Time allowed for the whole call, 1000 to 300000 ms. Default 30000. */
  readonly timeout_ms?: number | null | undefined
}

/** Body of `POST /dispatch`. */
export interface DispatchRequest {
  readonly connection_handle: ConnectionHandle
  readonly request: HttpRequest
}

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/
const maxValueLength = 8192
const maxPathLength = 8192
const headerName = z.string().regex(namePattern, 'not a header name')
const headerValue = z
  .string()
  .max(maxValueLength)
  .regex(valuePattern, 'header values hold no control characters')

/** Zod schema of {@link DispatchRequest}; unknown fields are refused. */
export const dispatchRequestSchema: z.ZodType<DispatchRequest, unknown> = z.strictObject({
  connection_handle: connectionHandleSchema,
  request: z.strictObject({
    method: z.enum(dispatchMethods),
    path: z.string().min(1).max(maxPathLength),
    body: z
      .union([z.record(z.string(), z.unknown()), z.array(z.unknown()), z.string(), z.null()])
      .optional(),
    headers: z.record(headerName, headerValue).nullable().optional(),
    timeout_ms: z.int().min(1000).max(300_000).nullable().optional(),
  }),
})

/**
 * A value of a parsed JSON text, if it is a dispatch request. It accepts what {@link dispatchRequestSchema}
 * accepts, at a tenth of its cost; what is wrong with anything else is for the schema to say.
 */
export function isDispatchRequest(value: unknown): value is DispatchRequest {
  if (!isObject(value) || !hasOnly(value, requestFields)) return false
  const { connection_handle: handle, request } = value
  if (!isConnectionHandle(handle) || !isObject(request)) return false
  const { method, path, body, headers, timeout_ms: timeoutMs } = request
  return (
    hasOnly(request, httpFields) &&
    (dispatchMethods as readonly unknown[]).includes(method) &&
    typeof path === 'string' &&
    path.length > 0 &&
    path.length <= maxPathLength &&
    (body === undefined || typeof body === 'string' || typeof body === 'object') &&
    (headers === undefined || headers === null || areHeaders(headers)) &&
    (timeoutMs === undefined || timeoutMs === null || isTimeout(timeoutMs))
  )
}

const requestFields = new Set(['connection_handle', 'request'])
const httpFields = new Set(['method', 'path', 'body', 'headers', 'timeout_ms'])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function hasOnly(value: object, names: ReadonlySet<string>): boolean {
  for (const name in value) if (!names.has(name)) return false
  return true
}

function areHeaders(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const name in value) {
    const text = value[name]
    // Not a name that every reader of an object sees.
    if (name === '__proto__' || !namePattern.test(name)) return false
    if (typeof text !== 'string' || text.length > maxValueLength || !valuePattern.test(text)) {
      return false
    }
  }
  return true
}

const isTimeout = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 1000 && (value as number) <= 300_000

/** What the upstream answered, whatever its status. */
export interface HttpResponse {
  /** 100 to 599. */
  readonly status: number
  /** Lower-case names; repeated headers joined by `, `; `set-cookie` never included. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: DispatchBody
  /** Present and `base64` when `body` is the base64 of bytes that are not text. */
  readonly body_encoding?: 'base64'
}

/** A dispatch that failed before an upstream answered. */
export interface DispatchFailure {
  readonly code: DispatchErrorCode
  readonly message: string
  readonly retryable: boolean
  /** Page on which the user makes or repairs the connection, where that would help. */
  readonly connect_url?: string
  /** Where the server that called asks, as its own client, what became of that. */
  readonly poll_url?: string
}

/** Answer of `POST /dispatch`, always with HTTP status 200. */
export type DispatchResponse =
  | { readonly success: true; readonly response: HttpResponse }
  | { readonly success: false; readonly error: DispatchFailure }

/** Zod schema of {@link DispatchResponse} for clients; unknown codes are kept as strings. */
export const dispatchResponseSchema: z.ZodType<DispatchResponse, unknown> = z.discriminatedUnion(
  'success',
  [
    z.object({
      success: z.literal(true),
      response: z.object({
        status: z.int().min(100).max(599),
        headers: z.record(z.string(), z.string()),
        body: z.union([
          z.record(z.string(), z.unknown()),
          z.array(z.unknown()),
          z.string(),
          z.null(),
        ]),
        body_encoding: z.literal('base64').exactOptional(),
      }),
    }),
    z.object({
      success: z.literal(false),
      error: z.object({
        code: z.enum(dispatchErrorCodes as [DispatchErrorCode, ...DispatchErrorCode[]]),
        message: z.string(),
        retryable: z.boolean(),
        connect_url: z.string().max(2048).exactOptional(),
        poll_url: z.string().max(2048).exactOptional(),
      }),
    }),
  ],
)

/** The wire form of a failure, with the code's `retryable`. */
export function dispatchFailure(
  code: DispatchErrorCode,
  message: string,
): DispatchResponse & { success: false } {
  return { success: false, error: { code, message, retryable: dispatchErrors[code].retryable } }
}
