import { utf8, utf8Text } from './bytes.ts'
import { ChannelError } from './channel-errors.ts'
import { parseDispatchHead, writeDispatchHead } from './dispatch-head.ts'
import type { DispatchHead, EnclaveOperation } from './enclave.ts'
import { readUint32, writeUint32 } from './frame.ts'

/** Most streams that a client opens at once and a server accepts. */
export const maxStreams = 128

/** Names as bytes. */
const names = new Map<EnclaveOperation, Uint8Array>()

/** What stands before the JSON head in a request frame: `u8 name length | name | u32 timeout ms`. */
export function requestPrefix(operation: EnclaveOperation, timeoutMs: number): Uint8Array {
  let name = names.get(operation)
  if (!name) names.set(operation, (name = utf8(operation)))
  const prefix = new Uint8Array(name.length + 5)
  prefix[0] = name.length
  prefix.set(name, 1)
  writeUint32(prefix, name.length + 1, timeoutMs)
  return prefix
}

/** Reads {@link requestPrefix} and the head behind it. @throws ChannelError `PROTOCOL_VIOLATION` */
export function decodeRequest(payload: Uint8Array): {
  operation: string
  timeoutMs: number
  head: unknown
} {
  const nameEnd = 1 + (payload[0] ?? 0)
  if (payload.length < nameEnd + 4) {
    throw new ChannelError('PROTOCOL_VIOLATION', 'a request frame is cut short')
  }
  const operation = parsed(() => utf8Text(payload.subarray(1, nameEnd)))
  const parse = operation === 'dispatch' ? parseDispatchHead : parseJson
  return {
    operation,
    timeoutMs: readUint32(payload, nameEnd),
    head: parsed(() => parse(utf8Text(payload.subarray(nameEnd + 4)))),
  }
}

/** The head of a request as JSON. */
export const encodeHead = (operation: string, head: unknown): string =>
  operation === 'dispatch' ? writeDispatchHead(head as DispatchHead) : JSON.stringify(head)

const parseJson = (text: string): unknown => JSON.parse(text)

/** The JSON value of a frame's payload. @throws ChannelError `PROTOCOL_VIOLATION` */
export function decodeJson(payload: Uint8Array): unknown {
  return parsed(() => parseJson(utf8Text(payload)))
}

function parsed<T>(read: () => T): T {
  try {
    return read()
  } catch {
    // Without a cause: the text of a JSON error quotes its input.
    throw new ChannelError('PROTOCOL_VIOLATION', 'a frame does not hold the text it should')
  }
}
