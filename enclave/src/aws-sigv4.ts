import { createHash, createHmac } from 'node:crypto'
import type { Piece } from './outgoing-request.ts'
import { joinSecret } from './secret-bytes.ts'

/** A request to sign. */
export interface SignableRequest {
  readonly method: string
  /** As sent: percent-encoded once. */
  readonly path: string
  /** As sent, without `?`. */
  readonly query: string
  /** Every header that the signature covers, `host` and `x-amz-date` included. */
  readonly headers: readonly (readonly [name: string, value: readonly Piece[]])[]
  /** Hexadecimal SHA-256 of the body, or what stands in its place. */
  readonly payloadHash: string
}

/** What a signature is for. */
export interface SigningScope {
  readonly region: string
  readonly service: string
  /** `20150830T123600Z` */
  readonly amzDate: string
  /** Whether dot segments and repeated slashes are resolved. S3 takes them as they are. */
  readonly normalizesPath: boolean
}

/**
 * Encodes the path once more for all services but S3, whose keys are encoded once.
 *
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html}
 */
export const encodesPathOnce = (service: string): boolean => service.startsWith('s3')

const algorithm = 'AWS4-HMAC-SHA256'

const uriEncode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** Text that is percent-encoded already, encoded as the canonical form wants it. */
const recode = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})|[^%]+/gi, (part, hex?: string) => {
    if (hex === undefined) return uriEncode(part)
    const sign = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9\-._~]/.test(sign) ? sign : part.toUpperCase()
  })

function canonicalPath(path: string, { service, normalizesPath }: SigningScope): string {
  const segments = path.split('/').map(encodesPathOnce(service) ? recode : uriEncode)
  return normalizesPath ? resolved(segments) : segments.join('/') || '/'
}

function resolved(segments: readonly string[]): string {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  const endsOpen = kept.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${kept.join('/')}${endsOpen ? '/' : ''}`
}

function canonicalQuery(query: string): string {
  const pairs = query.split('&').flatMap((part) => {
    if (part === '') return []
    const [name = '', ...value] = part.split('=')
    return [[name, value.join('=')].map(recode)]
  })
  const compare = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0)
  return pairs
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&')
}

type CanonicalHeaders = readonly (readonly [name: string, value: readonly Piece[]])[]

function canonicalHeaders(headers: SignableRequest['headers']): CanonicalHeaders {
  const byName = new Map<string, Piece[]>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    // Only text is folded: secrets hold no blanks.
    const folded = value.map((piece) =>
      typeof piece === 'string'
        ? piece.replaceAll(/^[ \t]+|[ \t]+$/g, '').replaceAll(/[ \t]+/g, ' ')
        : piece,
    )
    const before = byName.get(lower)
    byName.set(lower, before ? [...before, ',', ...folded] : folded)
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
}

const signedNames = (headers: CanonicalHeaders): string => headers.map(([name]) => name).join(';')

/** The canonical request, in pieces of which some are secret. */
export function canonicalRequest(request: SignableRequest, scope: SigningScope): Piece[] {
  const headers = canonicalHeaders(request.headers)
  return [
    `${request.method}\n${canonicalPath(request.path, scope)}\n${canonicalQuery(request.query)}\n`,
    ...headers.flatMap(([name, value]) => [`${name}:`, ...value, '\n']),
    `\n${signedNames(headers)}\n${request.payloadHash}`,
  ]
}

/** `20150830/us-east-1/service/aws4_request` */
export const credentialScope = ({ amzDate, region, service }: SigningScope): string =>
  `${amzDate.slice(0, 8)}/${region}/${service}/aws4_request`

/** The string to sign. */
export function stringToSign(request: SignableRequest, scope: SigningScope): string {
  const hash = createHash('sha256')
  for (const piece of canonicalRequest(request, scope)) {
    // Text of headers stands for bytes.
    hash.update(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
  }
  return `${algorithm}\n${scope.amzDate}\n${credentialScope(scope)}\n${hash.digest('hex')}`
}

/** What signs requests of one day, region and service. */
export interface SigningKey {
  readonly bytes: Buffer
  wipe(): void
}

/** Derives the key of a scope from the secret key, whose bytes are not kept. */
export function signingKey(scope: SigningScope, secretAccessKey: Uint8Array): SigningKey {
  let key = joinSecret(Buffer.from('AWS4'), secretAccessKey)
  for (const part of [scope.amzDate.slice(0, 8), scope.region, scope.service, 'aws4_request']) {
    const next = createHmac('sha256', key).update(part).digest()
    key.fill(0)
    key = next
  }
  return { bytes: key, wipe: () => void key.fill(0) }
}

/** The signature of a request's head. */
export const signatureOf = (
  request: SignableRequest,
  scope: SigningScope,
  { bytes }: SigningKey,
): string => createHmac('sha256', bytes).update(stringToSign(request, scope)).digest('hex')

/** Value of the `authorization` header. The key id is copied into it; the pieces are the caller's to wipe. */
export function authorization(
  request: SignableRequest,
  scope: SigningScope,
  accessKeyId: Uint8Array,
  signature: string,
): Piece[] {
  return [
    `${algorithm} Credential=`,
    joinSecret(accessKeyId),
    `/${credentialScope(scope)}, SignedHeaders=${signedNames(canonicalHeaders(request.headers))}, Signature=${signature}`,
  ]
}
