import type { IncomingMessage } from 'node:http'
import { HttpProblem } from '../../http/problem.ts'

/** The token of an `Authorization: Bearer` header. */
export const bearerToken = ({ headers }: IncomingMessage): string | undefined =>
  /^bearer +([A-Za-z0-9._~+/=-]{1,256})$/i.exec(headers.authorization ?? '')?.[1]

/** @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1} */
export const invalidToken = (message: string): HttpProblem =>
  new HttpProblem(401, message, {
    error: 'invalid_token',
    headers: { 'WWW-Authenticate': 'Bearer realm="holdfast", error="invalid_token"' },
  })
