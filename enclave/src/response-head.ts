import { EnclaveError } from '@holdfast/protocol/channel'
import type { Scrubber } from './scrub.ts'
import type { UpstreamResponse } from './upstream.ts'

/** Headers of one hop, those that no longer fit the decoded and scrubbed body, and cookies. */
const dropped = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The headers to hand to the caller: lower-case names, repeated ones joined, secrets scrubbed. */
export function callerHeaders(
  headers: UpstreamResponse['headers'],
  scrubber: Scrubber,
): Record<string, string> {
  const all: [string, string][] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || dropped.has(name)) continue
    all.push([name, typeof value === 'string' ? value : value.join(', ')])
  }
  const kept = scrubber.areClean(all)
    ? all
    : all
        .filter(([name]) => !scrubber.isLeakyName(name))
        .map(([name, value]): [string, string] => [name, scrubber.scrubText(value)])
  // fromEntries defines: a header named __proto__ stays a header.
  return Object.fromEntries(kept)
}

/** Encodings that a body can be decoded from. */
export type ContentEncoding = 'identity' | 'gzip' | 'deflate' | 'br' | 'zstd'

const encodings: Readonly<Record<string, ContentEncoding>> = {
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
}

/**
 * How the upstream encoded its body although it was asked not to.
 *
 * @throws EnclaveError `DOWNSTREAM_UNREACHABLE` for one that cannot be decoded: an encoded body cannot
 *   be scrubbed, so it is not passed on
 */
export function contentEncoding(headers: UpstreamResponse['headers']): ContentEncoding {
  const value = headers['content-encoding']
  if (value === undefined) return 'identity'
  const named = (Array.isArray(value) ? value.join(',') : value)
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '' && part !== 'identity')
  const [only = 'identity'] = named
  const encoding = Object.hasOwn(encodings, only) ? encodings[only] : undefined
  if (named.length > 1 || !encoding) {
    throw new EnclaveError(
      'DOWNSTREAM_UNREACHABLE',
      'the upstream encodes its answer in a way that cannot be checked for secrets',
      { mayHaveRun: true },
    )
  }
  return encoding
}
