import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/** Whose claims an {@link ExternalIssuer} writes. */
export type ClaimShape = 'auth0' | 'okta' | 'keycloak' | 'entra'

/** An authorization server that is not ours. */
export interface ExternalIssuer extends AsyncDisposable {
  /** As the tokens spell it. */
  readonly issuer: string
  readonly jwksUri: string
  /** A token by client credentials, over HTTP. */
  readonly token: (audience: string, scope: string) => Promise<string>
}

const client = { id: 'robot', secret: 'c2VjcmV0LW9mLXJvYm90' }

type Claims = Record<string, unknown>

/** What each product makes of a token with these scopes. */
const shapes: Readonly<Record<ClaimShape, (claims: Claims, scopes: string[]) => Claims>> = {
  // The issuer ends with a slash, `aud` is a list, and RBAC puts rights into `permissions`.
  auth0: ({ scope: _scope, client_id: azp, jti: _jti, ...claims }, [first, ...rest]) => ({
    ...claims,
    iss: `${String(claims['iss'])}/`,
    aud: [claims['aud'], `${String(claims['iss'])}/userinfo`],
    azp,
    scope: first ?? '',
    permissions: rest,
  }),
  okta: ({ scope: _scope, client_id: cid, ...claims }, scopes) => ({ ...claims, cid, scp: scopes }),
  keycloak: ({ scope: _scope, client_id: azp, ...claims }, scopes) => ({
    ...claims,
    typ: 'Bearer',
    azp,
    aud: [claims['aud'], 'account'],
    scope: 'profile email',
    realm_access: { roles: ['offline_access', ...scopes] },
  }),
  entra: ({ scope: _scope, client_id: appid, jti: uti, ...claims }, [first, ...rest]) => ({
    ...claims,
    appid,
    uti,
    ver: '1.0',
    scp: first ?? '',
    roles: rest,
  }),
}

/** Starts a real OpenID provider whose access tokens have the claims of a given product. */
export async function startExternalIssuer(shape: ClaimShape): Promise<ExternalIssuer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig' }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: 'tools:call files:delete files:read',
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt: (_ctx, _token, parts) => {
          const payload = parts.payload
          const scopes = String(payload['scope'] ?? '').split(' ')
          parts.payload = shapes[shape]({ ...payload, sub: 'person-1' }, scopes)
          parts.header = { ...parts.header, typ: 'JWT' } as never
        },
      },
    },
  })
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return {
    issuer: shape === 'auth0' ? `${origin}/` : origin,
    jwksUri: `${origin}/jwks`,
    token: async (audience, scope) => {
      const response = await fetch(`${origin}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope }),
      })
      const body = (await response.json()) as { access_token?: string }
      if (body.access_token === undefined) throw new Error(JSON.stringify(body))
      return body.access_token
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
