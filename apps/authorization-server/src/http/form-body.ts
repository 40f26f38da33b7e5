import type { IncomingMessage } from 'node:http'
import { HttpProblem } from './problem.ts'

/** Largest form that is read: OAuth requests and our own pages stay far below. */
export const maxFormBytes = 32_768

/**
 * Reads a form body.
 * @throws HttpProblem 413 or 415
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    request.resume()
    throw new HttpProblem(415, 'send the body as application/x-www-form-urlencoded')
  }
  if (Number(request.headers['content-length'] ?? 0) > maxFormBytes) {
    throw new HttpProblem(413, `the body is larger than ${maxFormBytes} bytes`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxFormBytes) {
      throw new HttpProblem(413, `the body is larger than ${maxFormBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
