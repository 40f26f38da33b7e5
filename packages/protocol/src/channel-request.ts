import { utf8Text } from './bytes.ts'
import { ChannelError } from './channel-errors.ts'
import { readUint32, writeUint32 } from './frame.ts'

/** Most streams that a client opens at once and a server accepts. */
export const maxStreams = 128

/** Payload of a request frame: `u8 name length | name | u32 timeout ms | JSON head`. */
export function encodeRequest(operation: string, timeoutMs: number, head: unknown): Uint8Array {
  const json = JSON.stringify(head)
  const nameEnd = 1 + operation.length
  // UTF-8 takes at most three bytes for each unit of a string.
  const payload = new Uint8Array(nameEnd + 4 + json.length * 3)
  payload[0] = operation.length
  encoder.encodeInto(operation, payload.subarray(1, nameEnd))
  writeUint32(payload, nameEnd, timeoutMs)
  const { written } = encoder.encodeInto(json, payload.subarray(nameEnd + 4))
  return payload.subarray(0, nameEnd + 4 + written)
}

const encoder = new TextEncoder()

/** Reads what {@link encodeRequest} wrote. @throws ChannelError `PROTOCOL_VIOLATION` */
export function decodeRequest(payload: Uint8Array): {
  operation: string
  timeoutMs: number
  head: unknown
} {
  const nameEnd = 1 + (payload[0] ?? 0)
  if (payload.length < nameEnd + 4) {
    throw new ChannelError('PROTOCOL_VIOLATION', 'a request frame is cut short')
  }
  return {
    operation: parsed(() => utf8Text(payload.subarray(1, nameEnd))),
    timeoutMs: readUint32(payload, nameEnd),
    head: decodeJson(payload.subarray(nameEnd + 4)),
  }
}

/** The JSON value of a frame's payload. @throws ChannelError `PROTOCOL_VIOLATION` */
export function decodeJson(payload: Uint8Array): unknown {
  return parsed(() => JSON.parse(utf8Text(payload)) as unknown)
}

function parsed<T>(read: () => T): T {
  try {
    return read()
  } catch {
    // Without a cause: the text of a JSON error quotes its input.
    throw new ChannelError('PROTOCOL_VIOLATION', 'a frame does not hold the text it should')
  }
}
