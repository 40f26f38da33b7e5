import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpProblem } from '../http/problem.ts'

/**
 * Refuses a form that another site posts in the user's name. Browsers send at least one of the two
 * headers with every form post; a client that sends neither carries no cookies of the user either.
 * @throws HttpProblem 403
 */
export function requireSameOrigin(request: IncomingMessage, issuer: string): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  const foreign =
    (origin !== undefined && origin !== issuer) || (site !== undefined && site !== 'same-origin')
  if (foreign) {
    throw new HttpProblem(403, 'this form was sent from another site; nothing was done')
  }
}

/** The token that a form of an interaction must carry; only the page of that interaction shows it. */
export interface CsrfTokens {
  tokenFor(uid: string): string
  /** @throws HttpProblem 403 */
  require(uid: string, form: URLSearchParams): void
}

export function createCsrfTokens(secret: Uint8Array): CsrfTokens {
  const tokenFor = (uid: string): string =>
    createHmac('sha256', secret).update(`csrf:${uid}`).digest('base64url')
  return {
    tokenFor,
    require(uid, form) {
      const expected = Buffer.from(tokenFor(uid))
      const given = Buffer.from(form.get('csrf') ?? '')
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new HttpProblem(403, 'this form does not belong to your sign-in; nothing was done')
      }
    },
  }
}
