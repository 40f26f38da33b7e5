import { EnclaveError } from '@holdfast/protocol/channel'
import { StorageError } from '@holdfast/storage'
import { ConnectionError, type ConnectionErrorCode } from '../connections/errors.ts'
import { BodyError } from '../dispatch/read-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { RegistrationError } from '../registration/errors.ts'

/** Every code of a problem document of the management API, with its status and what helps. */
export const problemCodes = {
  INVALID_REQUEST: [400, 'Invalid request', 'Correct the fields that are named.'],
  INVALID_JSON: [400, 'Invalid JSON', 'Send one JSON object in UTF-8 without repeated keys.'],
  INVALID_BASE_URL: [400, 'Invalid base URL', 'Use https://host[:port][/path].'],
  UNAUTHORIZED: [
    401,
    'Unauthorized',
    'Sign in again: `holdfast login`. Programs send the token with a DPoP proof.',
  ],
  INSUFFICIENT_SCOPE: [
    403,
    'Insufficient scope',
    'Ask for a token that holds the needed scope; `holdfast login` gets one with all that you may do.',
  ],
  USER_REQUIRED: [
    403,
    'User required',
    'Use a token that a user granted, as `holdfast login` gets one.',
  ],
  ADMIN_REQUIRED: [403, 'Administrator required', 'Ask an administrator of this server.'],
  NOT_FOUND: [404, 'Not found', 'Check the identifier; the `list` commands show what you may see.'],
  CONNECTION_NOT_FOUND: [
    404,
    'Connection not found',
    '`holdfast connections list` shows yours with their handles.',
  ],
  METHOD_NOT_ALLOWED: [405, 'Method not allowed', 'See the `Allow` header.'],
  CONFLICT: [409, 'Conflict', 'Use another name, or change what exists.'],
  CONNECTION_REVOKED: [409, 'Connection revoked', 'Make a new one: `holdfast connections add`.'],
  CONNECTION_HAS_NO_CREDENTIAL: [
    409,
    'No credential',
    'Seal one and upload it: `holdfast connections rotate` does both.',
  ],
  CONNECTION_CHANGED: [
    409,
    'Connection changed',
    'Read the connection again and repeat the change.',
  ],
  CONNECTION_NEEDS_RECONNECT: [
    409,
    'Connection needs its owner',
    'Sign in at the provider anew: `holdfast connections reconnect`. Or give it a new value: `holdfast connections rotate`.',
  ],
  UPLOAD_NONCE_INVALID: [
    409,
    'Upload nonce invalid',
    'Open a new upload and seal for its nonce: `holdfast connections rotate` does both.',
  ],
  RECORD_UNREADABLE: [
    409,
    'Record unreadable',
    'Upload the credential again: `holdfast connections rotate`.',
  ],
  OAUTH_APP_NOT_FOUND: [404, 'OAuth app not found', '`holdfast oauth-apps list` shows them.'],
  OAUTH_APP_IN_USE: [
    409,
    'OAuth app in use',
    'Their owners revoke them first: `holdfast connections list`, then `revoke`. `holdfast users revoke` ends those of a user who left.',
  ],
  NOT_AN_OAUTH_CONNECTION: [
    409,
    'Not an OAuth connection',
    'Only connections made with an OAuth app are authorized at the provider: `holdfast connections add-oauth` makes one. Give this one a new value with `holdfast connections rotate`.',
  ],
  TOO_MANY_TICKETS: [429, 'Too many connect links', 'Use one of the open links, or wait.'],
  OWN_ACCOUNT: [409, 'Own account', 'Ask another administrator.'],
  BODY_TOO_LARGE: [413, 'Body too large', 'Send a smaller body.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Unsupported media type', 'Send Content-Type application/json.'],
  CREDENTIAL_REFUSED: [422, 'Credential refused', 'Correct that and seal the credential again.'],
  INTERNAL: [
    500,
    'Internal error',
    'Look for the request id in the log of the server: `holdfast status` says where.',
  ],
  ENCLAVE_FAILED: [
    502,
    'Enclave failed',
    'Look for the request id in the log of the server: `holdfast status` says where.',
  ],
  ENCLAVE_UNAVAILABLE: [503, 'Enclave unavailable', 'Try again; `holdfast status` shows why.'],
} as const satisfies Record<string, readonly [number, string, string]>
export type ProblemCode = keyof typeof problemCodes

/** One wrong field. */
export interface FieldError {
  /** RFC 6901 pointer into the body, or the name of a query parameter. */
  readonly pointer: string
  readonly detail: string
}

/** A refused request. `message` never repeats what the caller sent. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly code: ProblemCode
  readonly errors: readonly FieldError[] | undefined
  /** What helps here, where it is more than what helps with every problem of this code. */
  readonly fix: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    message: string,
    options: ErrorOptions & {
      readonly errors?: readonly FieldError[] | undefined
      readonly fix?: string | undefined
      readonly headers?: Readonly<Record<string, string>> | undefined
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.errors = options.errors
    this.fix = options.fix
    this.headers = options.headers ?? {}
  }
}

/** The problem that an error of an operation is for the caller; `undefined` for a fault of ours. */
export function toProblem(error: unknown): ApiProblem | undefined {
  if (error instanceof ApiProblem) return error
  if (error instanceof ConnectionError) {
    return new ApiProblem(error.code satisfies ConnectionErrorCode, error.message, { cause: error })
  }
  if (error instanceof EnclaveError) return fromEnclave(error)
  if (error instanceof StorageError) return fromStorage(error)
  if (error instanceof RegistrationError) return fromRegistration(error)
  if (error instanceof HttpProblem) return fromHttp(error)
  if (error instanceof BodyError) {
    const code = error.problem === 'too large' ? 'BODY_TOO_LARGE' : 'INVALID_REQUEST'
    return new ApiProblem(code, error.message, { cause: error })
  }
  return undefined
}

function fromEnclave(error: EnclaveError): ApiProblem {
  const code =
    error.code === 'ENCLAVE_UNAVAILABLE'
      ? 'ENCLAVE_UNAVAILABLE'
      : error.code === 'DECRYPTION_FAILED' || error.code === 'BINDING_MISMATCH'
        ? 'RECORD_UNREADABLE'
        : 'ENCLAVE_FAILED'
  return new ApiProblem(code, error.message, { cause: error })
}

function fromStorage(error: StorageError): ApiProblem | undefined {
  if (error.code === 'NOT_FOUND') return new ApiProblem('NOT_FOUND', 'there is no such object')
  if (error.code === 'EXISTS') return new ApiProblem('CONFLICT', error.message, { cause: error })
  return undefined
}

function fromRegistration(error: RegistrationError): ApiProblem {
  const { code, message, pointer, fix } = error
  if (code === 'conflict') return new ApiProblem('CONFLICT', message, { cause: error, fix })
  if (code === 'not_found') return new ApiProblem('NOT_FOUND', message, { cause: error, fix })
  const errors = pointer === undefined ? undefined : [{ pointer, detail: message }]
  return new ApiProblem('INVALID_REQUEST', message, { cause: error, errors, fix })
}

function fromHttp(error: HttpProblem): ApiProblem | undefined {
  const { status, message, headers } = error
  const code =
    status === 404
      ? 'NOT_FOUND'
      : status === 409
        ? 'CONFLICT'
        : status >= 400 && status < 500
          ? 'INVALID_REQUEST'
          : undefined
  return code && new ApiProblem(code, message, { cause: error, headers })
}

/** The document of RFC 9457. */
export function problemDocument(
  { code, message, errors, fix }: ApiProblem,
  requestId: string,
): Record<string, unknown> {
  const [status, title, usualFix] = problemCodes[code]
  return {
    type: `urn:holdfast:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: message,
    code,
    fix: fix ?? usualFix,
    request_id: requestId,
    ...(errors && { errors }),
  }
}
