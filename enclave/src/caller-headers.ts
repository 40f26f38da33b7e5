import { EnclaveError } from '@holdfast/protocol/channel'
import { headerForm, isUpstreamOwnHeader } from '@holdfast/protocol/credential'

/**
 * Headers by which a caller would speak for someone else, be read otherwise than policy reads it, reach
 * another host or path behind the same front, or get an echo in pieces too small for the scrub to know
 * the secret in them.
 */
const callerForbidden = new Set([
  'a-im',
  'authorization',
  'cookie',
  'cookie2',
  'dpop',
  'forwarded',
  'if-range',
  'range',
  'request-range',
  'x-envoy-original-path',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
])

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/

/** `X-Forwarded-Host` and its like: some fronts of many tenants choose the tenant by it. */
const isForwarding = (form: string): boolean => /^x-(?:forwarded|real)-/.test(form)

/**
 * The headers to send upstream, by lower-case name: the caller's, with defaults where it set none.
 *
 * @param filled - gets the form of each name that the caller set; see {@link headerForm}
 * @throws EnclaveError `INVALID_REQUEST` for a header that a caller may not set; never repeats its value
 */
export function upstreamHeaders(
  callerHeaders: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
  filled: Set<string>,
): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(callerHeaders)) {
    if (!namePattern.test(name) || !valuePattern.test(value)) {
      throw new EnclaveError('INVALID_REQUEST', 'a header has a name or value that HTTP forbids')
    }
    const lower = name.toLowerCase()
    const form = headerForm(name)
    if (
      isUpstreamOwnHeader(name) ||
      isForwarding(form) ||
      callerForbidden.has(form) ||
      filled.has(form)
    ) {
      throw new EnclaveError('INVALID_REQUEST', `the header ${lower} cannot be set by a caller`)
    }
    filled.add(form)
    headers.set(lower, [value])
  }
  // The scrub must see plain bytes.
  headers.set('accept-encoding', ['identity'])
  if (!headers.has('user-agent')) headers.set('user-agent', ['holdfast'])
  if (body && looksLikeJson(body) && !headers.has('content-type')) {
    headers.set('content-type', ['application/json'])
  }
  return headers
}

const looksLikeJson = ([first]: Uint8Array): boolean => first === 0x7b || first === 0x5b
