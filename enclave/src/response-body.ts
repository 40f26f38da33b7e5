import type { Duplex } from 'node:stream'
import { pipeline, Readable } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { ContentEncoding } from './response-head.ts'
import type { Scrubber } from './scrub.ts'
import type { UpstreamBody } from './upstream-body.ts'

/** Options of {@link cleanBody}. */
export interface CleanBodyOptions {
  readonly encoding: ContentEncoding
  readonly scrubber: Scrubber
  /** Cap on the decoded body, so that a compressed bomb stops where a plain one does. */
  readonly maxBytes: number
}

/**
 * The body in plain bytes without secrets: at once when all of it has arrived, else as it arrives.
 *
 * @throws EnclaveError `BAD_REQUEST` above the cap; reading the body throws it too, and whatever reading
 *   the source throws
 */
export function cleanBody(
  source: UpstreamBody,
  options: CleanBodyOptions,
): Uint8Array | AsyncGenerator<Uint8Array, void, undefined> {
  const whole = options.encoding === 'identity' ? source.takeWhole() : undefined
  if (!whole) return cleanChunks(source, options)
  requireWithin(options.maxBytes, whole.length)
  return options.scrubber.scrub(whole)
}

async function* cleanChunks(
  source: UpstreamBody,
  { encoding, scrubber, maxBytes }: CleanBodyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0
  for await (const chunk of decoded(source, encoding)) {
    total += chunk.length
    requireWithin(maxBytes, total)
    const clean = scrubber.push(chunk)
    if (clean.length > 0) yield clean
  }
  const rest = scrubber.end()
  if (rest.length > 0) yield rest
}

function requireWithin(maxBytes: number, total: number): void {
  if (total <= maxBytes) return
  throw new EnclaveError(
    'BAD_REQUEST',
    `the upstream’s answer is larger than the limit of ${maxBytes} bytes; ask for less at once`,
  )
}

async function* decoded(
  source: UpstreamBody,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (encoding === 'identity') {
    yield* source
    return
  }
  const chunks = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  // An answer without a body may still name an encoding.
  if (first.done) return
  const decoder = decoders[encoding](first.value)
  const encoded = Readable.from(
    (async function* () {
      yield first.value
      yield* { [Symbol.asyncIterator]: () => chunks }
    })(),
  )
  // The error reaches the reader through the decoder.
  pipeline(encoded, decoder, () => undefined)
  yield* decoder as AsyncIterable<Uint8Array>
}

const decoders: Readonly<
  Record<Exclude<ContentEncoding, 'identity'>, (first: Uint8Array) => Duplex>
> = {
  gzip: () => createGunzip(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
  // Some servers send it without the zlib wrapper, whose first byte has method 8.
  deflate: ([first = 0]) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
}
