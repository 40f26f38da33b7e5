import { EnclaveError } from '@holdfast/protocol/channel'

/** Headers that belong to the connection, not to the message, and those that frame the message. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Headers by which a caller would speak for someone else, be read otherwise than policy reads it, or get
 * an echo in pieces too small for the scrub to know the secret in them.
 */
const callerForbidden = new Set([
  'a-im',
  'authorization',
  'cookie',
  'cookie2',
  'dpop',
  'if-range',
  'range',
  'request-range',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
])

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/

/** Tells whether HTTP itself needs a header, so that neither caller nor credential may set it. */
export function isUpstreamOwnHeader(name: string): boolean {
  return connectionHeaders.has(name.toLowerCase()) || name.toLowerCase().startsWith('proxy-')
}

/**
 * The headers to send upstream, by lower-case name: the caller's, with defaults where it set none.
 *
 * @param injectedName - the header that the credential fills
 * @throws EnclaveError `INVALID_REQUEST` for a header that a caller may not set; never repeats its value
 */
export function upstreamHeaders(
  callerHeaders: Readonly<Record<string, string>>,
  injectedName: string,
  body: Uint8Array | undefined,
): Map<string, string> {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(callerHeaders)) {
    const lower = name.toLowerCase()
    if (!namePattern.test(name) || !valuePattern.test(value)) {
      throw new EnclaveError('INVALID_REQUEST', 'a header has a name or value that HTTP forbids')
    }
    if (isUpstreamOwnHeader(lower) || callerForbidden.has(lower) || headers.has(lower)) {
      throw new EnclaveError('INVALID_REQUEST', `the header ${lower} cannot be set by a caller`)
    }
    if (lower === injectedName.toLowerCase()) {
      throw new EnclaveError('INVALID_REQUEST', 'the credential’s own header cannot be set')
    }
    headers.set(lower, value)
  }
  // The scrub must see plain bytes.
  headers.set('accept-encoding', 'identity')
  if (!headers.has('user-agent')) headers.set('user-agent', 'holdfast')
  if (body && looksLikeJson(body) && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  return headers
}

const looksLikeJson = ([first]: Uint8Array): boolean => first === 0x7b || first === 0x5b
