import type { Socket } from 'node:net'
import { RefusalError } from './errors.ts'
import { parseAuthority, type Target } from './host.ts'

const VERB = 'CONNECT '
const LINE_FEED = 0x0a

/**
 * Reads `CONNECT host:port\n` and leaves whatever came after it on the socket, unread.
 *
 * @throws RefusalError BAD_REQUEST when the line is too long, cut off or anything else; TIMEOUT when
 * it does not come in time.
 */
export async function readRequest(
  client: Socket,
  maxLineBytes: number,
  timeoutMs: number,
): Promise<Target> {
  const line = await readLine(client, maxLineBytes, timeoutMs)
  if (!line.startsWith(VERB)) throw new RefusalError('BAD_REQUEST', 'not CONNECT')
  return parseAuthority(line.slice(VERB.length))
}

function readLine(client: Socket, maxLineBytes: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      client.off('readable', read).off('end', cutOff).off('close', cutOff)
      finish()
    }
    const refuse = (error: RefusalError): void => settle(() => reject(error))
    const cutOff = (): void => refuse(new RefusalError('BAD_REQUEST', 'cut off'))
    const read = (): void => {
      for (let chunk = take(client); chunk !== null; chunk = take(client)) {
        seen = Buffer.concat([seen, chunk])
        const end = seen.indexOf(LINE_FEED)
        if (end > maxLineBytes || (end === -1 && seen.length > maxLineBytes)) {
          return refuse(new RefusalError('BAD_REQUEST', 'line too long'))
        }
        if (end === -1) continue
        const rest = seen.subarray(end + 1)
        return settle(() => {
          if (rest.length > 0) client.unshift(rest)
          decode(seen.subarray(0, end), resolve, reject)
        })
      }
    }
    const timer = setTimeout(
      () => refuse(new RefusalError('TIMEOUT', 'waiting for the request')),
      timeoutMs,
    )
    client.on('readable', read).once('end', cutOff).once('close', cutOff)
  })
}

function take(client: Socket): Buffer | null {
  return client.read() as Buffer | null
}

function decode(
  bytes: Uint8Array,
  resolve: (line: string) => void,
  reject: (error: RefusalError) => void,
): void {
  try {
    resolve(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    reject(new RefusalError('BAD_REQUEST', 'not UTF-8', { cause }))
  }
}
