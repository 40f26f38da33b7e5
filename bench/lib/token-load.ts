import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { hash } from 'node:crypto'
import { Pool } from 'undici'

const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** Makes `count` proofs for a token endpoint. */
export async function makeProofs(
  key: DpopKey,
  url: string,
  count: number,
): Promise<readonly string[]> {
  const proofs: string[] = []
  for (let i = 0; i < count; i += 1) {
    proofs.push(await createDpopProof({ key, method: 'POST', url, sha256 }))
  }
  return proofs
}

/** A checked answer of a token endpoint. */
export interface TokenAnswer {
  readonly access_token: string
  readonly refresh_token?: string
}

/** Posts to a token endpoint and throws unless the answer is a DPoP-bound JWT for the key. */
export async function requestToken(
  pool: Pool,
  path: string,
  options: { basic?: string; proof: string; jkt: string; form: Record<string, string> },
): Promise<TokenAnswer> {
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: {
      ...(options.basic !== undefined && { authorization: options.basic }),
      dpop: options.proof,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(options.form).toString(),
  })
  const body = (await answer.body.json()) as Partial<TokenAnswer> & { token_type?: string }
  if (answer.statusCode !== 200 || body.token_type !== 'DPoP' || !body.access_token) {
    throw new Error(`the token endpoint answered ${answer.statusCode}: ${JSON.stringify(body)}`)
  }
  const [, payload = ''] = body.access_token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    cnf?: { jkt?: string }
  }
  if (claims.cnf?.jkt !== options.jkt) throw new Error('the token is not bound to the key')
  return body as TokenAnswer
}

/** An HTTP Basic header. */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

export { type DpopKey, generateDpopKey, Pool }
