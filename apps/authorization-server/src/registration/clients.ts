import { randomBytes } from 'node:crypto'
import type { Client, JsonObject } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { parseRegistration, shownText } from './errors.ts'
import { redirectUriProblem } from './redirect-uri.ts'

const redirectUri = z.string().superRefine((uri, check) => {
  const problem = redirectUriProblem(uri)
  if (problem !== undefined) check.addIssue({ code: 'custom', message: problem })
})

const { authorizationCode, refreshToken, clientCredentials } = grantTypes

/** Client metadata that an administrator registers, with the names of RFC 7591. */
export const newClientSchema = z
  .strictObject({
    client_name: shownText(100),
    redirect_uris: z.array(redirectUri).max(20).default([]),
    grant_types: z.array(z.enum([authorizationCode, refreshToken, clientCredentials])).optional(),
    token_endpoint_auth_method: z
      .enum(['none', 'client_secret_basic', 'client_secret_post'])
      .default('none'),
  })
  .superRefine((client, check) => {
    const types = client.grant_types ?? []
    const issue = (path: string, message: string): void =>
      check.addIssue({ code: 'custom', path: [path], message })
    const redirects = client.redirect_uris.length > 0
    if (types.includes(clientCredentials) && client.token_endpoint_auth_method === 'none') {
      issue('grant_types', 'client_credentials needs a client with a secret')
    }
    if (redirects && client.grant_types && !types.includes(authorizationCode)) {
      issue('redirect_uris', 'are of use only with the authorization_code grant')
    }
    if (!redirects && (!client.grant_types || types.includes(authorizationCode))) {
      issue('redirect_uris', 'the authorization_code grant needs at least one')
    }
    if (types.includes(refreshToken) && !types.includes(authorizationCode)) {
      issue('grant_types', 'refresh_token is of use only with authorization_code')
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
  { storage }: Pick<AppContext, 'storage'>,
  input: unknown,
  createdBy: string,
): Promise<RegisteredClient> {
  const wanted = parseRegistration(newClientSchema, input, 'invalid_client_metadata')
  const types = [...new Set(wanted.grant_types ?? [authorizationCode, refreshToken])]
  const secret = wanted.token_endpoint_auth_method === 'none' ? undefined : newSecret()
  const metadata: JsonObject = {
    client_name: wanted.client_name,
    application_type: 'native',
    redirect_uris: [...new Set(wanted.redirect_uris)],
    grant_types: types,
    response_types: types.includes(authorizationCode) ? ['code'] : [],
    token_endpoint_auth_method: wanted.token_endpoint_auth_method,
  }
  const client = await storage.clients.create({
    clientId: newClientId('cli'),
    source: 'manual',
    metadata,
    secret,
    createdBy,
  })
  return { client, secret }
}
