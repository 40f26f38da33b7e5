import type { Browser } from '@holdfast/test/browser'
import { concurrency, type GrantLoad } from './grant-load.ts'
import { codeVerifier, redirectUri, type WantedSources } from './grant-sources.ts'
import { agent, authorizationUrl, own, resource } from './grants-server.ts'
import { inParallel, type Variant } from './measure.ts'
import { makeProofs, type Pool, requestToken } from './token-load.ts'

/** A server to compare: where it is, and how it comes by codes that a user has allowed. */
export interface Side {
  readonly label: string
  readonly pid: number
  readonly origin: string
  readonly tokenPath: string
  readonly authorizationPath: string
  readonly codes: (kind: WantedSources['kind'], count: number) => Promise<readonly string[]>
  readonly browsers: readonly Browser[]
}

/** The form by which a code is redeemed. */
export const redeemCode = (code: string): Record<string, string> => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirectUri,
  code_verifier: codeVerifier,
})

/** Codes of the bare library, which its server makes when it is told to. */
export async function bareCodes(
  pool: Pool,
  kind: WantedSources['kind'],
  count: number,
): Promise<readonly string[]> {
  const { body } = await pool.request({
    method: 'POST',
    path: '/bench/sources',
    body: JSON.stringify({ kind, count, clientId: agent.id, resource }),
  })
  return (await body.json()) as string[]
}

/** From the request to the code: a person who is signed in reads one page and allows it. */
export function authorize(side: Side, baseline: Side, count: number): Variant {
  const name = 'authorize: request, consent, code'
  return {
    name: `${name}, ${side.label}`,
    baseline: `${name}, ${baseline.label}`,
    count,
    pids: [side.pid],
    run: (n) =>
      inParallel(side.browsers.length, side.browsers.length, async (at) => {
        const browser = side.browsers[at]!
        for (let i = at; i < n; i += side.browsers.length) {
          let page = await browser.open(authorizationUrl(side.origin, side.authorizationPath))
          if (!page.leaving) page = await browser.submit(page.form('Allow'), {}, 'Allow')
          if (!page.leaving?.searchParams.has('code')) {
            throw new Error(`no code, but "${page.title}": ${page.text}`)
          }
        }
      }),
  }
}

/** Tokens of users for the resource. */
export async function userTokens(
  side: Side,
  pool: Pool,
  key: GrantLoad['key'],
): Promise<readonly string[]> {
  const codes = await side.codes('AuthorizationCode', concurrency)
  const proofs = await makeProofs(key, `${side.origin}${side.tokenPath}`, codes.length)
  return Promise.all(
    codes.map(async (code, i) => {
      const proof = proofs[i] ?? ''
      const form = redeemCode(code)
      const { access_token: token } = await requestToken(pool, side.tokenPath, {
        ...{ basic: agent.basic, proof, jkt: key.jkt, form },
      })
      return token
    }),
  )
}

/** A resource server asks about tokens of its users. */
export function introspect(
  pid: number,
  pool: Pool,
  tokens: readonly string[],
  count: number,
): Variant {
  return {
    name: 'introspection, holdfast',
    count,
    pids: [pid],
    run: (n) =>
      inParallel(n, concurrency, async (i) => {
        const { body } = await pool.request({
          method: 'POST',
          path: '/oauth2/introspect',
          headers: {
            authorization: own.basic,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: new URLSearchParams({ token: tokens[i % tokens.length] ?? '' }).toString(),
        })
        const answer = (await body.json()) as { active?: unknown; token_type?: unknown }
        if (answer.active !== true || answer.token_type !== 'DPoP') {
          throw new Error(`introspection answered ${JSON.stringify(answer)}`)
        }
      }),
  }
}
