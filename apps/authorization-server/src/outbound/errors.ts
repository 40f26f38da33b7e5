/** Why nothing was fetched. */
export type OutboundErrorCode =
  | 'OUTBOUND_OFF'
  | 'URL_REFUSED'
  | 'DNS_FAILED'
  | 'NON_PUBLIC_ADDRESS'
  | 'CONNECT_FAILED'
  | 'TLS_FAILED'
  | 'TIMEOUT'
  | 'REDIRECTED'
  | 'TOO_LARGE'
  | 'ENCODED'
  | 'NO_KEY_SET'
  | 'RATE_LIMITED'

const texts: Record<OutboundErrorCode, string> = {
  OUTBOUND_OFF: 'outgoing requests are switched off on this server',
  URL_REFUSED: 'the address must be https, without user name and fragment',
  DNS_FAILED: 'the name of its host does not resolve',
  NON_PUBLIC_ADDRESS: 'its host has an address that is not public',
  CONNECT_FAILED: 'its host does not answer',
  TLS_FAILED: 'its host has no valid certificate',
  TIMEOUT: 'its host took too long',
  REDIRECTED: 'its host sends elsewhere (a redirect)',
  TOO_LARGE: 'the answer is too large',
  ENCODED: 'the answer is compressed, which was not asked for',
  NO_KEY_SET: 'its host answers with something else than a set of keys',
  RATE_LIMITED: 'its host was asked too often; try again in a minute',
}

/** A request that this server did not complete; the text may be shown, `cause` belongs into the log. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly code: OutboundErrorCode

  constructor(code: OutboundErrorCode, options?: ErrorOptions) {
    super(texts[code], options)
    this.code = code
  }
}
