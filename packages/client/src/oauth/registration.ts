import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import { ClientError } from '../errors.ts'
import type { Fetch } from '../http.ts'
import { isLoopbackHttp, requireSecureUrl } from '../secure-url.ts'
import type { StaticClient } from './client-identity.ts'
import type { ClientAuthMethod, StoredRegistration } from './state.ts'
import { withoutBody } from './token-request.ts'

/** How a client becomes known to servers. The first that fits is used, in this order. */
export interface RegistrationOptions {
  /** A client that was registered by hand. */
  readonly client?: StaticClient
  /**
   * URL of the client's metadata document (CIMD), which is its `client_id` at every server that
   * reads such documents.
   */
  readonly clientMetadataUrl?: string
  /** How dynamic registration presents the client; `false` never registers. Default `Holdfast client`. */
  readonly clientName?: string | false
}

/** Where registrations are remembered. */
export interface RegistrationStore {
  readonly find: (issuer: string) => Promise<StoredRegistration | undefined>
  readonly remember: (issuer: string, registration: StoredRegistration) => Promise<void>
  /** The issuer that the client is bound to: this one, unless it was bound before. */
  readonly bind: (clientId: string, issuer: string) => Promise<string>
}

/** What is registered. */
export interface WantedRegistration {
  readonly grantTypes: readonly string[]
  readonly redirectUri?: string | undefined
}

/**
 * The client to be at a server: registered by hand, by metadata document, or dynamically.
 *
 * @throws ClientError `NOT_REGISTERED`, `ISSUER_MISMATCH` when the static client is another server's
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591}
 */
export async function findClient(
  server: oauth.AuthorizationServer,
  options: RegistrationOptions,
  wanted: WantedRegistration,
  store: RegistrationStore,
  fetch: Fetch,
): Promise<StaticClient> {
  if (options.client !== undefined) return staticClientAt(server, options.client, store)
  if (
    options.clientMetadataUrl !== undefined &&
    server['client_id_metadata_document_supported'] === true
  ) {
    const { pathname } = requireSecureUrl(options.clientMetadataUrl, 'the client metadata document')
    if (pathname === '/') {
      throw new ClientError('INVALID_REQUEST', 'the URL of a client metadata document needs a path')
    }
    return { clientId: options.clientMetadataUrl, method: 'none' }
  }
  const known = await store.find(server.issuer)
  if (known !== undefined && isUsable(known, wanted)) return known
  if (options.clientName === false || server.registration_endpoint === undefined) {
    throw new ClientError('NOT_REGISTERED', `no way to be a client of ${server.issuer}`, {
      fix: 'register a client there and pass it as `client`',
    })
  }
  const registration = await register(server, options.clientName, wanted, fetch)
  await store.remember(server.issuer, registration)
  return registration
}

/** Whether a remembered registration still serves. */
function isUsable(known: StoredRegistration, { redirectUri }: WantedRegistration): boolean {
  if (known.secretExpiresAt !== undefined && known.secretExpiresAt <= Date.now() / 1000)
    return false
  return withoutFreePort(known.redirectUri) === withoutFreePort(redirectUri)
}

/** RFC 8252 section 7.3: the port of a redirect to a loopback address is free at every request. */
function withoutFreePort(redirectUri: string | undefined): string | undefined {
  if (redirectUri === undefined || !/^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(redirectUri)) {
    return redirectUri
  }
  const url = new URL(redirectUri)
  url.port = ''
  return url.href
}

/** A secret is shown to one server only, or whoever is named by a protected server could collect it. */
async function staticClientAt(
  server: oauth.AuthorizationServer,
  client: StaticClient,
  store: RegistrationStore,
): Promise<StaticClient> {
  const issuer = client.issuer ?? (await store.bind(client.clientId, server.issuer))
  if (issuer === server.issuer) return client
  throw new ClientError('ISSUER_MISMATCH', `the client is not one of ${server.issuer}`, {
    fix: 'register a client at that server, if you trust it',
  })
}

async function register(
  server: oauth.AuthorizationServer,
  clientName: string | undefined,
  { grantTypes, redirectUri }: WantedRegistration,
  fetch: Fetch,
): Promise<StoredRegistration> {
  const method = methodToAskFor(server)
  const response = await oauth.dynamicClientRegistrationRequest(
    server,
    {
      client_name: clientName ?? 'Holdfast client',
      grant_types: [...grantTypes],
      token_endpoint_auth_method: method,
      ...(redirectUri !== undefined && {
        redirect_uris: [redirectUri],
        response_types: ['code'],
        application_type: isNative(redirectUri) ? 'native' : 'web',
      }),
    },
    oauthOptions(server.issuer, fetch),
  )
  try {
    const made = await oauth.processDynamicClientRegistrationResponse(await withExpiry(response))
    const granted = made.token_endpoint_auth_method as ClientAuthMethod | undefined
    return {
      clientId: made.client_id,
      ...(made.client_secret !== undefined && { clientSecret: made.client_secret as string }),
      ...(made.client_secret_expires_at !== 0 && {
        secretExpiresAt: made.client_secret_expires_at as number,
      }),
      method: granted ?? (made.client_secret === undefined ? 'none' : method),
      redirectUri,
    }
  } catch (cause) {
    const error = cause instanceof oauth.ResponseBodyError ? cause : undefined
    throw new ClientError(
      'NOT_REGISTERED',
      `${server.issuer} did not register the client${error ? `: ${error.error}` : ''}`,
      { problem: error?.error, status: error?.status, cause: withoutBody(cause) },
    )
  }
}

/** Many servers leave out `client_secret_expires_at`, which means "never" everywhere else. */
async function withExpiry(response: Response): Promise<Response> {
  if (response.status !== 201) return response
  const body: unknown = await response.json()
  const { status, headers } = response
  return Response.json({ client_secret_expires_at: 0, ...(body as object) }, { status, headers })
}

function methodToAskFor(server: oauth.AuthorizationServer): ClientAuthMethod {
  const supported = server.token_endpoint_auth_methods_supported
  const methods: readonly ClientAuthMethod[] = ['none', 'client_secret_basic', 'client_secret_post']
  return methods.find((method) => supported?.includes(method) ?? true) ?? 'client_secret_basic'
}

const isNative = (redirectUri: string): boolean =>
  isLoopbackHttp(redirectUri) || !/^https?:$/.test(new URL(redirectUri).protocol)
