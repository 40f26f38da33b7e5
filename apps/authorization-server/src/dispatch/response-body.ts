/** `body` of a dispatch answer as JSON text, and how to read it. */
export interface WireBody {
  /** JSON text: an object, an array, a string or `null`. */
  readonly json: string
  readonly encoding: 'base64' | undefined
}

/**
 * The wire form of an upstream body: JSON only for JSON types, other text as a string, scalars as
 * strings, nothing as `null`, anything that is not text as base64.
 */
export function wireBody(contentType: string | undefined, bytes: Uint8Array): WireBody {
  if (bytes.length === 0) return { json: 'null', encoding: undefined }
  const type = mediaType(contentType)
  if (type !== '' && !isTextType(type)) return base64(bytes)
  const text = decodeText(bytes, charsetOf(contentType))
  if (text === undefined) return base64(bytes)
  return { json: isJsonType(type) ? jsonText(text) : JSON.stringify(text), encoding: undefined }
}

/** The upstream's own text when it is an object or array, so that large numbers keep their digits. */
function jsonText(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return JSON.stringify(text)
  }
  if (value === null) return 'null'
  if (typeof value === 'object') return text
  return JSON.stringify(typeof value === 'string' ? value : text.trim())
}

function base64(bytes: Uint8Array): WireBody {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { json: JSON.stringify(text), encoding: 'base64' }
}

const mediaType = (contentType = ''): string =>
  (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()

const isJsonType = (type: string): boolean =>
  type === 'application/json' || type === 'text/json' || type.endsWith('+json')

const textTypes = new Set([
  'application/ecmascript',
  'application/graphql',
  'application/javascript',
  'application/jsonl',
  'application/jwt',
  'application/sql',
  'application/toml',
  'application/x-ndjson',
  'application/x-www-form-urlencoded',
  'application/x-yaml',
  'application/xml',
  'application/yaml',
])
const isTextType = (type: string): boolean =>
  isJsonType(type) || type.startsWith('text/') || type.endsWith('+xml') || textTypes.has(type)

const charsetOf = (contentType = ''): string =>
  /;\s*charset="?([A-Za-z0-9_.:-]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8'

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decodeText(bytes: Uint8Array, charset: string): string | undefined {
  try {
    const decoder = charset === 'utf-8' ? utf8 : new TextDecoder(charset, { fatal: true })
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
