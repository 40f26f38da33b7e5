import type { IncomingMessage } from 'node:http'

/** Why a body was not read to its end. */
export type BodyProblem = 'too large' | 'aborted'

/** A request body that is refused. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly problem: BodyProblem

  constructor(problem: BodyProblem) {
    super(`the request body is ${problem}`)
    this.problem = problem
  }
}

/**
 * The whole request body. That it arrives in time is the HTTP server's `requestTimeout` to enforce.
 *
 * @throws BodyError above `maxBytes`, or when the sender goes away
 */
export function readBody(
  request: IncomingMessage,
  options: { readonly maxBytes: number },
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > options.maxBytes) return Promise.reject(new BodyError('too large'))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let total = 0
    // The listeners stay: a request ends with its body, and taking them off again costs more.
    let isSettled = false
    const finish = (problem: BodyProblem | undefined): void => {
      if (isSettled) return
      isSettled = true
      if (problem) {
        request.pause()
        reject(new BodyError(problem))
        return
      }
      const [only] = chunks
      resolve(only && chunks.length === 1 ? only : Buffer.concat(chunks, total))
    }
    const onData = (chunk: Buffer): void => {
      if (isSettled) return
      total += chunk.length
      if (total > options.maxBytes) finish('too large')
      else chunks.push(chunk)
    }
    const onEnd = (): void => finish(undefined)
    const onGone = (): void => finish('aborted')
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}
