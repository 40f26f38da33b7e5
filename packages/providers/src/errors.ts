/** Every reason for which the catalog refuses something. */
export type ProviderErrorCode =
  | 'INVALID_PROVIDER'
  | 'INVALID_PROVIDER_FILE'
  | 'UNKNOWN_KIND'
  | 'KIND_NOT_SUPPORTED'
  | 'MISSING_VARIABLE'
  | 'INVALID_VARIABLE'
  | 'UNKNOWN_OPERATION'

/** A refusal of the catalog. `message` never holds a key. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderErrorCode
  /** What to do about it. */
  readonly fix: string

  constructor(code: ProviderErrorCode, message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.fix = fix
  }
}
