import type { TokenKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { z } from 'zod'
import { signAppToken } from './assertion.ts'
import { tokenText } from './oauth-client.ts'
import { needsReconnect } from './token-errors.ts'
import type { TokenFetch } from './token-fetch.ts'
import { boundedScopes, type Tokens, tokenBytes } from './tokens.ts'

type GithubApp = Extract<TokenKind, { kind: 'github_app' }>

const answerSchema = z.object({
  token: z.string().min(1),
  expires_at: z.iso.datetime({ offset: true }),
  permissions: z.record(z.string(), z.string()).optional(),
})

const common = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' }

/**
 * An installation token.
 *
 * @throws EnclaveError `NEEDS_RECONNECT` when key, app or installation are gone, `TOKEN_REFUSED`,
 *   `DOWNSTREAM_*`
 * @see {@link https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app}
 */
export async function mintInstallationToken(
  kind: GithubApp,
  pem: Uint8Array,
  fetch: TokenFetch,
): Promise<Tokens> {
  const { repositories, permissions } = kind
  const response = await fetch(
    `${apiUrl(kind)}/app/installations/${kind.installation_id}/access_tokens`,
    {
      method: 'POST',
      headers: {
        ...common,
        authorization: `Bearer ${await signAppToken(kind.app_id, pem)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        ...(repositories && { repositories }),
        ...(permissions && { permissions }),
      }),
      redirect: 'manual',
    },
  )
  if ([401, 403, 404].includes(response.status)) {
    throw needsReconnect('GitHub no longer accepts the app’s key, or its installation is gone')
  }
  if (response.status !== 201) {
    throw new EnclaveError('TOKEN_REFUSED', 'GitHub refuses these repositories or permissions')
  }
  const answer = answerSchema.safeParse(await response.json().catch(() => undefined))
  if (!answer.success) {
    throw new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the answer is not an installation token')
  }
  const { token, expires_at: expiresAt, permissions: granted = {} } = answer.data
  return {
    accessToken: tokenBytes(token),
    refreshToken: undefined,
    expiresAtMs: Date.parse(expiresAt),
    scopes: boundedScopes(Object.entries(granted).map((pair) => pair.join(':'))),
  }
}

/** Ends an installation token. @throws EnclaveError `DOWNSTREAM_*`, `TOKEN_REFUSED` */
export async function revokeInstallationToken(
  kind: GithubApp,
  token: Uint8Array,
  fetch: TokenFetch,
): Promise<void> {
  const { status } = await fetch(`${apiUrl(kind)}/installation/token`, {
    method: 'DELETE',
    headers: { ...common, authorization: `Bearer ${tokenText(token)}` },
    body: undefined,
    redirect: 'manual',
  })
  // 401: it is dead already.
  if (status === 204 || status === 401) return
  throw new EnclaveError('TOKEN_REFUSED', 'GitHub does not end the installation token')
}

const apiUrl = ({ api_url }: GithubApp): string => api_url.replace(/\/+$/, '')
