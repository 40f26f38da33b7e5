import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { allocateSecret } from './secret-bytes.ts'

// undici takes header values as strings only, and a string cannot be wiped. So undici sends a random
// placeholder, and the secret takes its place in the bytes that go into the TLS socket.

/** Never leaves this process: every socket replaces it before it writes. So nobody can guess one. */
const prefix = `holdfast-${randomBytes(18).toString('base64url')}-`
const numberLength = 10
const placeholderLength = prefix.length + numberLength
let held = 0

/** By the number that its placeholder ends with. */
const pending = new Map<number, Buffer>()

/** A secret that waits to be written. */
export interface SecretHeader {
  /** What undici is given as the header's value. */
  readonly placeholder: string
  /** Forgets and wipes the value; the placeholder can no longer be sent. */
  release(): void
}

/** Takes over a header value until it is released. */
export function holdSecretHeader(value: Buffer): SecretHeader {
  held = (held + 1) % 1e10
  const number = held
  pending.set(number, value)
  return {
    placeholder: prefix + String(number).padStart(numberLength, '0'),
    release() {
      pending.delete(number)
      value.fill(0)
    },
  }
}

type Write = (
  chunk: string | Uint8Array,
  encoding?: BufferEncoding | ((error?: Error | null) => void),
  callback?: (error?: Error | null) => void,
) => boolean

/** Makes a socket replace placeholders in the head of a request: in its first line and in its headers. */
export function replacePlaceholders(socket: TLSSocket): void {
  const write: Write = socket.write.bind(socket) as Write
  const replacing: Write = (chunk, encoding, callback) => {
    const at = typeof chunk === 'string' ? chunk.indexOf(prefix) : -1
    if (typeof chunk !== 'string' || at === -1) return write(chunk, encoding, callback)
    const bytes = withSecrets(chunk, at)
    if (!bytes) {
      // The call is over: its secret is gone, and the placeholder must not go out.
      socket.destroy(new Error('the request was given up before it was sent'))
      return false
    }
    const done = typeof encoding === 'function' ? encoding : callback
    // Not earlier: the TLS layer reads from this memory until it says so.
    return write(bytes, (error) => {
      bytes.fill(0)
      done?.(error)
    })
  }
  socket.write = replacing
}

/** The bytes of a text whose first placeholder stands at `first`; `undefined` if a secret is gone. */
function withSecrets(text: string, first: number): Buffer | undefined {
  const found: { readonly at: number; readonly value: Buffer }[] = []
  let length = text.length
  for (let at = first; at !== -1; at = text.indexOf(prefix, at + placeholderLength)) {
    const value = pending.get(Number(text.slice(at + prefix.length, at + placeholderLength)))
    if (!value) return undefined
    found.push({ at, value })
    length += value.length - placeholderLength
  }
  const bytes = allocateSecret(length)
  let read = 0
  let written = 0
  for (const { at, value } of found) {
    written += bytes.write(text.slice(read, at), written, 'latin1')
    written += value.copy(bytes, written)
    read = at + placeholderLength
  }
  bytes.write(text.slice(read), written, 'latin1')
  return bytes
}
