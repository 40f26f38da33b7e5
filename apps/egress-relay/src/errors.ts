/** The codes that the relay answers on its wire: `ERR CODE\n`. */
export type RefusalCode =
  | 'DENIED_BY_POLICY'
  | 'NON_PUBLIC_ADDRESS'
  | 'DNS_FAILED'
  | 'CONNECT_FAILED'
  | 'TIMEOUT'
  | 'BAD_REQUEST'
  | 'TOO_MANY'

/** A refused connection: the code goes on the wire, the reason (never caller input) only to the log. */
export class RefusalError extends Error {
  readonly code: RefusalCode
  readonly reason: string

  constructor(code: RefusalCode, reason: string, options?: ErrorOptions) {
    super(`${code}: ${reason}`, options)
    this.name = 'RefusalError'
    this.code = code
    this.reason = reason
  }
}

/** A configuration that the relay will not start with. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ConfigError'
  }
}

/** The system error code of a failure (`ECONNREFUSED`), or its class name: safe to log. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}
