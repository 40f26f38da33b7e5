import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { hash } from 'node:crypto'
import { Pool } from 'undici'
import type { Variant } from './measure.ts'

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

/** A user's token at an MCP server, and the client as which that server exchanges it. */
export interface TokenExchange {
  readonly client: { readonly id: string; readonly secret: string }
  readonly subjectToken: string
  readonly key: DpopKey
}

/** What the resource-server SDK does before its first dispatch for a user. */
export async function exchangeToken(
  pool: Pool,
  issuer: string,
  { client, subjectToken, key }: TokenExchange,
): Promise<TokenAnswer> {
  const [proof = ''] = await makeProofs(key, `${issuer}/oauth2/token`, 1)
  return requestToken(pool, '/oauth2/token', {
    basic: basic(client.id, client.secret),
    proof,
    jkt: key.jkt,
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: `${issuer}/dispatch`,
      scope: 'dispatch',
    },
  })
}

/** An HTTP Basic header. */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** A token endpoint under load, and the confidential client that asks it. */
export interface TokenLoadOptions {
  readonly name: string
  /** Requests per round. */
  readonly count: number
  /** Requests at once. */
  readonly concurrency: number
  readonly pid: number
  readonly origin: string
  readonly path: string
  readonly key: DpopKey
  readonly client: { readonly clientId: string; readonly clientSecret: string }
}

/** A variant whose proofs are made outside the clock; `run` gets a way to send each with a form. */
export function tokenLoad(
  options: TokenLoadOptions,
  run: (
    count: number,
    send: (index: number, form: Record<string, string>) => Promise<TokenAnswer>,
  ) => Promise<void>,
): Variant & { readonly pool: Pool } {
  const { name, count, concurrency, pid, origin, path, key, client } = options
  const pool = new Pool(origin, { connections: concurrency })
  const authorization = basic(client.clientId, client.clientSecret)
  let proofs: readonly string[] = []
  return {
    name,
    count,
    pids: [pid],
    pool,
    prepare: async (n) => {
      proofs = await makeProofs(key, `${origin}${path}`, n)
    },
    run: (n) =>
      run(n, (index, form) =>
        requestToken(pool, path, {
          basic: authorization,
          proof: proofs[index] ?? '',
          jkt: key.jkt,
          form,
        }),
      ),
  }
}

export { type DpopKey, generateDpopKey, Pool }
