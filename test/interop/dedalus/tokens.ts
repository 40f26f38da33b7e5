/** Getting tokens through the browser; the token request itself is made by the Python client. */
import * as oauth from 'oauth4webapi'
import { redirectUri, type Setting } from './setting.ts'

/** A token response. */
export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly scope: string
}

/** Signs Ada's program in at a resource; with `key`, bound to that key of `client.py`. */
export async function signIn(
  setting: Setting,
  resource: string,
  key?: string,
  tokenPath = '/oauth2/token',
): Promise<Tokens> {
  const { issuer, clientId, client, ada } = setting
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(`${issuer}/oauth2/auth`)
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, resource },
    ...{ scope: 'tools:call', state: oauth.generateRandomState() },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const callback = await ada.authorize(url)
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`no code came back: ${callback.search}`)
  const { result, error } = await client.step<{ status: number; body: Tokens }>('redeem', {
    url: `${issuer}${tokenPath}`,
    form: {
      ...{ grant_type: 'authorization_code', code, client_id: clientId, resource },
      ...{ redirect_uri: redirectUri, code_verifier: verifier },
    },
    ...(key !== undefined && { key }),
  })
  if (result?.status !== 200) throw new Error(`no token: ${JSON.stringify(result ?? error)}`)
  return result.body
}

/** The claims of a JWT, unverified. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
