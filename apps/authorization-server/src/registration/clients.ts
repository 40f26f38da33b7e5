import { randomBytes } from 'node:crypto'
import type { Client, JsonObject } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { clientKeysSchema, keysUriSchema } from './client-keys.ts'
import { parseRegistration, RegistrationError, registerResourceFirst, shownText } from './errors.ts'
import { redirectUriProblem } from './redirect-uri.ts'

const redirectUri = z.string().superRefine((uri, check) => {
  const problem = redirectUriProblem(uri)
  if (problem !== undefined) check.addIssue({ code: 'custom', message: problem })
})

const { authorizationCode, refreshToken, clientCredentials, deviceCode, tokenExchange, jwtBearer } =
  grantTypes

/** Methods by which a client proves who it is with a secret that we make. */
const secretMethods = new Set(['client_secret_basic', 'client_secret_post'])
/** Methods by which it proves to hold a key that it made itself. */
const keyMethods = new Set(['private_key_jwt', 'self_signed_tls_client_auth'])
const tlsMethods = new Set(['self_signed_tls_client_auth', 'tls_client_auth'])

/** Client metadata that an administrator registers, with the names of RFC 7591. */
export const newClientSchema = z
  .strictObject({
    client_name: shownText(100),
    redirect_uris: z.array(redirectUri).max(20).default([]),
    grant_types: z
      .array(
        z.enum([
          authorizationCode,
          refreshToken,
          clientCredentials,
          deviceCode,
          tokenExchange,
          jwtBearer,
        ]),
      )
      .optional(),
    token_endpoint_auth_method: z
      .enum([
        'none',
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
        'self_signed_tls_client_auth',
        'tls_client_auth',
      ])
      .default('none'),
    /** Public keys of `private_key_jwt` or `self_signed_tls_client_auth`, or where they are. */
    jwks: clientKeysSchema.optional(),
    jwks_uri: keysUriSchema.optional(),
    /** Subject of the certificate of `tls_client_auth`, as RFC 4514 text. */
    tls_client_auth_subject_dn: z.string().min(1).max(512).optional(),
    tls_client_auth_san_dns: z.string().min(1).max(253).optional(),
    /** Only requests that were pushed (RFC 9126) are taken. */
    require_pushed_authorization_requests: z.boolean().optional(),
    /** Only DPoP-bound tokens are issued to it (RFC 9449). */
    dpop_bound_access_tokens: z.boolean().optional(),
    /** Resources that it may ask for as itself (client credentials); absent = every registered one. */
    resources: z.array(z.string().max(2048)).min(1).max(50).optional(),
  })
  .superRefine((client, check) => {
    const types = client.grant_types ?? []
    const method = client.token_endpoint_auth_method
    const issue = (path: string, message: string): void =>
      check.addIssue({ code: 'custom', path: [path], message })
    const redirects = client.redirect_uris.length > 0
    if (types.includes(clientCredentials) && method === 'none') {
      issue('grant_types', 'client_credentials needs a client that proves who it is')
    }
    if (redirects && client.grant_types && !types.includes(authorizationCode)) {
      issue('redirect_uris', 'are of use only with the authorization_code grant')
    }
    if (!redirects && (!client.grant_types || types.includes(authorizationCode))) {
      issue('redirect_uris', 'the authorization_code grant needs at least one')
    }
    if (
      types.includes(refreshToken) &&
      ![authorizationCode, deviceCode].some((one) => types.includes(one))
    ) {
      issue('grant_types', 'refresh_token is of use only with authorization_code or device_code')
    }
    if (client.jwks !== undefined && client.jwks_uri !== undefined) {
      issue('jwks_uri', 'give either jwks or jwks_uri')
    }
    const hasKeys = client.jwks !== undefined || client.jwks_uri !== undefined
    if (keyMethods.has(method) && !hasKeys) issue('jwks', `${method} needs jwks or jwks_uri`)
    const subjects = [client.tls_client_auth_subject_dn, client.tls_client_auth_san_dns]
    const named = subjects.filter((subject) => subject !== undefined).length
    if (method === 'tls_client_auth' ? named !== 1 : named > 0) {
      issue(
        'tls_client_auth_subject_dn',
        'tls_client_auth, and no other method, needs one of tls_client_auth_subject_dn and tls_client_auth_san_dns',
      )
    }
    if (client.resources !== undefined && !types.includes(clientCredentials)) {
      issue('resources', 'is of use only with the client_credentials grant')
    }
  })

/** A client and its secret, which cannot be read again. */
export interface RegisteredClient {
  readonly client: Client
  readonly secret: string | undefined
}

/** An identifier that nothing else uses: never the form of a user id. */
export const newClientId = (prefix: 'cli' | 'rs'): string =>
  `${prefix}_${randomBytes(16).toString('base64url')}`

/** base64url, because the library form-decodes the parts of a Basic header. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/**
 * Registers a client by hand.
 *
 * @param createdBy - id of the administrator
 * @throws RegistrationError
 */
export async function registerClient(
  { storage, config }: Pick<AppContext, 'storage' | 'config'>,
  input: unknown,
  createdBy: string,
): Promise<RegisteredClient> {
  const wanted = parseRegistration(newClientSchema, input, 'invalid_client_metadata')
  const method = wanted.token_endpoint_auth_method
  if (tlsMethods.has(method) && config.mtls === undefined) {
    throw new RegistrationError(
      'invalid_client_metadata',
      'token_endpoint_auth_method: mutual TLS needs the setting mtlsCertificateHeader',
      '/token_endpoint_auth_method',
    )
  }
  const types = [...new Set(wanted.grant_types ?? [authorizationCode, refreshToken])]
  const secret = secretMethods.has(method) ? newSecret() : undefined
  const { client_name, redirect_uris, grant_types: _types, resources, ...further } = wanted
  const metadata: JsonObject = {
    client_name,
    application_type: 'native',
    redirect_uris: [...new Set(redirect_uris)],
    grant_types: types,
    response_types: types.includes(authorizationCode) ? ['code'] : [],
    ...(JSON.parse(JSON.stringify(further)) as JsonObject),
  }
  const client = await storage.clients.create({
    clientId: newClientId('cli'),
    source: 'manual',
    metadata,
    secret,
    resources: resources && (await requireResources(storage, resources)),
    createdBy,
  })
  return { client, secret }
}

/** @throws RegistrationError for a URI that is no registered resource */
async function requireResources(
  storage: AppContext['storage'],
  uris: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    uris.map(async (uri, i) => {
      const resource = await storage.resources.resolve(canonicalResource(uri) ?? '')
      if (resource) return resource.resource
      throw new RegistrationError(
        'invalid_client_metadata',
        'resources: register the resource first, or name it as it is registered',
        `/resources/${i}`,
        registerResourceFirst,
      )
    }),
  )
  return [...new Set(found)]
}
