import { ProtocolError } from './errors.ts'

/** A request path that every later reader understands the same way. */
export interface RequestPath {
  /** Path without query, as it will be sent: starts with one `/`. */
  readonly pathname: string
  /** Query with its leading `?`, or empty. Sent as it came. */
  readonly search: string
}

const maxPathLength = 8192

/**
 * Checks a dispatch path and splits off its query.
 *
 * Ambiguous spellings are refused and not repaired: a path that a policy reads one way and an
 * upstream another way is how allow-lists are bypassed.
 *
 * @throws ProtocolError `INVALID_PATH` for a missing leading slash, `//`, `\`, `;`, dot segments
 *   (also percent-encoded), encoded slashes, control or non-ASCII characters, or a fragment
 */
export function parseRequestPath(path: string): RequestPath {
  const refuse = (why: string): never => {
    throw new ProtocolError('INVALID_PATH', `the request path ${why}`)
  }
  if (path.length > maxPathLength) refuse(`is longer than ${maxPathLength} characters`)
  if (!path.startsWith('/')) refuse('must start with /')
  if (!/^[\x21-\x7e]*$/.test(path)) refuse('must be printable ASCII; percent-encode the rest')
  if (path.includes('#')) refuse('must not hold a fragment')
  const cut = path.indexOf('?')
  const pathname = cut === -1 ? path : path.slice(0, cut)
  const search = cut === -1 ? '' : path.slice(cut)
  if (/[\\;]/.test(pathname) || /%5c|%2f|%00/i.test(pathname)) {
    refuse('must not hold \\, ; or encoded slashes')
  }
  if (/%(?![0-9a-f]{2})/i.test(path)) refuse('holds a broken percent-encoding')
  if (pathname.includes('//')) refuse('must not hold empty segments')
  const isDotSegment = (segment: string): boolean => /^\.{1,2}$/.test(segment.replace(/%2e/gi, '.'))
  if (pathname.split('/').some(isDotSegment)) refuse('must not hold . or .. segments')
  return { pathname, search }
}
