import type { IncomingMessage } from 'node:http'
import { HttpProblem } from './problem.ts'

/** Largest form that is read: OAuth requests and our own pages stay far below. */
export const maxFormBytes = 32_768

/**
 * Reads a form body.
 * @throws HttpProblem 413 or 415
 */
export const readForm = async (request: IncomingMessage): Promise<URLSearchParams> =>
  new URLSearchParams(await readFormText(request))

/**
 * Reads a form body and leaves it encoded.
 * @throws HttpProblem 413 or 415
 */
export async function readFormText(request: IncomingMessage): Promise<string> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    request.resume()
    throw new HttpProblem(415, 'send the body as application/x-www-form-urlencoded')
  }
  if (Number(request.headers['content-length'] ?? 0) > maxFormBytes) {
    throw new HttpProblem(413, `the body is larger than ${maxFormBytes} bytes`)
  }
  return (await readAll(request)).toString('utf8')
}

/** By events: the async iterator of a stream costs several times as much. */
function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length <= maxFormBytes) {
        chunks.push(chunk)
        return
      }
      request.off('data', onData)
      request.resume()
      reject(new HttpProblem(413, `the body is larger than ${maxFormBytes} bytes`))
    }
    request.on('data', onData)
    request.once('end', () => resolve(Buffer.concat(chunks, length)))
    request.once('aborted', () => reject(new HttpProblem(400, 'the body ended too early')))
    request.once('error', () => reject(new HttpProblem(400, 'the body could not be read')))
  })
}
