import type { IncomingMessage } from 'node:http'
import { json, text } from 'node:stream/consumers'
import {
  type AccessTokenVerifier,
  authorizeRequest,
  type DpopVerifier,
  TokenError,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
import { type ToolManifest, toolManifestSchema } from '@holdfast/protocol/tool-manifest'
import type { TestConnections } from './connections.ts'
import { dispatchDouble } from './dispatch-double.ts'
import { Refused } from './refusals.ts'
import type { Revocations } from './revocations.ts'
import { exchange, tokenExchangeGrant } from './token-endpoint.ts'
import type { TokenSigner } from './token-signer.ts'

/** The client of one served resource. */
export interface ResourceClient {
  readonly id: string
  readonly secret: string
  readonly resource: string
}

export interface IssuerParts {
  readonly issuer: string
  readonly signer: TokenSigner
  readonly tokens: AccessTokenVerifier
  readonly proofs: DpopVerifier
  readonly revocations: Revocations
  readonly connections: TestConnections
  /** By client id. */
  readonly clients: ReadonlyMap<string, ResourceClient>
  /** What the tools of each resource do, as its server says. */
  readonly manifests: Map<string, ToolManifest>
}

type Route = (parts: IssuerParts, request: IncomingMessage) => unknown

/** The answer to a method and path; undefined where there is none. */
export function routeOf(method: string, path: string): Route | undefined {
  const resource = /^\/v1\/resources\/([^/]+)\/manifest$/.exec(path)?.[1]
  return method === 'PUT' && resource !== undefined
    ? (parts, request) => takeManifest(parts, request, decodeURIComponent(resource))
    : routes[`${method} ${path}`]
}

const routes: Readonly<Record<string, Route>> = {
  'GET /.well-known/oauth-authorization-server': metadata,
  'GET /.well-known/openid-configuration': metadata,
  'GET /.well-known/jwks.json': ({ signer }) => signer.keys,
  'GET /oauth2/deny-list': (parts, request) => {
    authenticate(parts, request)
    return parts.revocations.document()
  },
  'POST /oauth2/token': async (parts, request) => {
    const { id, resource } = authenticate(parts, request)
    return exchange(
      { ...parts, requireLive: (token) => requireLive(parts, token) },
      {
        clientId: id,
        resource,
        form: new URLSearchParams(await text(request)),
        proof: request.headersDistinct['dpop']?.[0] ?? '',
      },
    )
  },
  'POST /dispatch': async (parts, request) => {
    const { tokens, proofs, issuer, connections } = parts
    const token = await authorizeRequest(
      {
        method: 'POST',
        url: `${issuer}/dispatch`,
        authorization: request.headersDistinct['authorization'] ?? [],
        dpop: request.headersDistinct['dpop'] ?? [],
      },
      { tokens, proofs, dpop: 'required', scopes: ['dispatch'] },
    )
    requireLive(parts, token)
    return dispatchDouble(connections, token, await json(request))
  },
}

function metadata({ issuer }: IssuerParts): object {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/oauth2/token`,
    response_types_supported: [],
    grant_types_supported: [tokenExchangeGrant],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
  }
}

async function takeManifest(
  parts: IssuerParts,
  request: IncomingMessage,
  resource: string,
): Promise<void> {
  const client = authenticate(parts, request)
  if (client.resource !== resource) throw new Refused(404, { error: 'not_found' })
  parts.manifests.set(resource, toolManifestSchema.parse(await json(request)))
}

function authenticate({ clients }: IssuerParts, { headers }: IncomingMessage): ResourceClient {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  const [id = '', secret] = atob(encoded).split(':').map(decodeURIComponent)
  const client = clients.get(id)
  if (client !== undefined && client.secret === secret) return client
  throw new TokenError('invalid_token', 'the client did not authenticate')
}

/** @throws TokenError when something that the token stands on was revoked */
function requireLive({ revocations }: IssuerParts, token: VerifiedAccessToken): void {
  const named = [
    { kind: 'token', value: token.tokenId },
    { kind: 'user', value: token.subject },
    { kind: 'client', value: token.clientId },
    { kind: 'grant', value: token.grant ?? '' },
  ] as const
  if (named.some((one) => revocations.has(one))) {
    throw new TokenError('invalid_token', 'the token was revoked')
  }
}
