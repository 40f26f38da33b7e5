import * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'

/**
 * Sends a token request, once more when the server demands a nonce in the proof.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8}
 */
export async function withNonceRetry<T>(
  request: () => Promise<Response>,
  process: (response: Response) => Promise<T>,
): Promise<T> {
  try {
    return await process(await request())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return process(await request())
  }
}

/** The library's failure as one of ours. What the server says is passed on, never what was sent. */
export function asGrantError(error: unknown): unknown {
  if (error instanceof ClientError) return error
  // A caller gave up, or his signal ran out.
  if (error instanceof DOMException && /^(Abort|Timeout)Error$/.test(error.name)) return error
  if (error instanceof oauth.AuthorizationResponseError && error.error === 'access_denied') {
    return new ClientError('FORBIDDEN', 'the sign-in was declined', { problem: error.error })
  }
  if (
    error instanceof oauth.ResponseBodyError ||
    error instanceof oauth.AuthorizationResponseError
  ) {
    const said = printable(error.error_description ?? error.error)
    return new ClientError('LOGIN_FAILED', `the authorization server refused: ${said}`, {
      problem: error.error,
      ...('status' in error && { status: error.status }),
    })
  }
  return new ClientError('LOGIN_FAILED', 'the answer of the authorization server is not valid', {
    cause: withoutBody(error),
  })
}

/**
 * A failure of the library without what it carries: the answer that it could not use may hold tokens
 * or a client secret, and errors are logged.
 */
export function withoutBody(error: unknown): Error {
  return new Error(error instanceof Error ? `${error.name}: ${error.message}` : 'unknown')
}

/** A server's words on one line of a terminal. */
const printable = (text: string): string =>
  [...text.slice(0, 300)].map((char) => (/\p{C}/u.test(char) ? ' ' : char)).join('')
