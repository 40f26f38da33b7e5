import { z } from 'zod'
import { connectionHandleSchema } from './connection-handle.ts'
import { templateText, tokenName } from './credential-place.ts'
import { goneAnswersSchema, revocationRequestSchema } from './credential-revocation.ts'
import { endpoint } from './token-endpoint.ts'

// Kinds whose access token the enclave gets by itself at a token endpoint. Their endpoints are sealed
// with them: nobody outside can send a client secret or a refresh token elsewhere.

const printable = /^[\x20-\x7e]+$/

/** @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-3.3} */
const scopes = z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/)).max(100)
const identifier = z.string().min(1).max(512).regex(printable)

/** Further request parameters, such as `audience`; those of the protocol itself cannot be set. */
const parameters = z
  .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), z.string().max(1024).regex(printable))
  .refine((given) => Object.keys(given).length <= 16, 'too many parameters')
  .refine((given) => !Object.keys(given).some((name) => ownParameters.has(name)), {
    message: 'a parameter belongs to OAuth itself and cannot be set',
  })

const ownParameters: ReadonlySet<string> = new Set([
  'assertion',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'redirect_uri',
  'refresh_token',
  // A request object would replace all the others. @see RFC 9101
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
  'token',
])

const authMethod = z.enum(['client_secret_basic', 'client_secret_post', 'none'])

/** How tokens are ended at the provider: by RFC 7009, or by a request of the provider's own. */
const revocation = {
  revocation_endpoint: endpoint.optional(),
  /** Used where there is no `revocation_endpoint`. */
  revocation_request: revocationRequestSchema.optional(),
}

/** How the access token is sent; absent = `Authorization: Bearer`. */
const tokenHeader = z.strictObject({
  name: tokenName,
  template: templateText.refine((text) => text.includes('{access_token}'), {
    message: 'the template must contain {access_token}',
  }),
})

/** What the enclave wrote down of the token it got last. Never sealed by a client. */
export const issuedTokenSchema = z.strictObject({
  /** Names this answer of the token endpoint: 128 random bits. */
  generation: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** Null when the provider names no end. */
  expires_at_ms: z.int().nullable(),
  scopes: z.array(z.string().max(512)).max(200),
})

/** What the enclave wrote down of the token it got last. */
export type IssuedToken = z.infer<typeof issuedTokenSchema>

const issued = issuedTokenSchema.optional()

/** An operator's OAuth client at a provider: what connections are authorized with, never dispatched. */
const appSchema = z.strictObject({
  kind: z.literal('oauth2_app'),
  client_id: identifier,
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  ...revocation,
  /** Answers to a refresh token that is over, beside `invalid_grant`. */
  refresh_gone: goneAnswersSchema.optional(),
  /** Compared with `iss` of the authorization response. @see RFC 9207 */
  issuer: endpoint.optional(),
  /** The provider always sends `iss`; an answer without it is refused. */
  issuer_in_response: z.boolean().optional(),
  token_endpoint_auth_method: authMethod,
  /** What is asked for when nothing else is said. */
  scopes,
  /** Default a space. */
  scope_separator: z.enum([' ', ',']).optional(),
  /** Added to the authorization request, such as `access_type=offline`. */
  authorization_parameters: parameters.optional(),
  header: tokenHeader.optional(),
})

/** A connection that a person authorized at the provider; made by the enclave alone. */
const oauth2Schema = z.strictObject({
  kind: z.literal('oauth2'),
  /** The {@link appSchema} credential with which it was authorized, and what it said then. */
  app: connectionHandleSchema,
  client_id: identifier,
  token_endpoint: endpoint,
  header: tokenHeader.optional(),
  issued,
})

const clientCredentialsSchema = z.strictObject({
  kind: z.literal('oauth2_client_credentials'),
  client_id: identifier,
  token_endpoint: endpoint,
  ...revocation,
  token_endpoint_auth_method: authMethod.exclude(['none']),
  scopes: scopes.optional(),
  parameters: parameters.optional(),
  header: tokenHeader.optional(),
  issued,
})

/** @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1} */
const jwtBearerSchema = z.strictObject({
  kind: z.literal('jwt_bearer'),
  token_endpoint: endpoint,
  ...revocation,
  issuer: identifier,
  subject: identifier.optional(),
  /** Default: the token endpoint. */
  audience: identifier.optional(),
  algorithm: z.enum(['RS256', 'ES256']),
  key_id: identifier.optional(),
  scopes: scopes.optional(),
  /** Where scopes go: Google wants them in the assertion, the RFC in the request. Default: request. */
  scopes_in: z.enum(['assertion', 'request']).optional(),
  parameters: parameters.optional(),
  header: tokenHeader.optional(),
  issued,
})

const githubAppSchema = z.strictObject({
  kind: z.literal('github_app'),
  /** `https://api.github.com`, or that of an Enterprise server. */
  api_url: endpoint,
  /** Client id or number of the app. */
  app_id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  installation_id: z.string().regex(/^[0-9]{1,20}$/),
  repositories: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/))
    .max(500)
    .optional(),
  permissions: z
    .record(z.string().regex(/^[a-z_]{1,64}$/), z.enum(['read', 'write', 'admin']))
    .optional(),
  issued,
})

/** The members of `credentialKindSchema` that hold tokens. */
export const tokenKindSchemas = [
  appSchema,
  oauth2Schema,
  clientCredentialsSchema,
  jwtBearerSchema,
  githubAppSchema,
] as const

export type OAuthApp = z.infer<typeof appSchema>

/** A credential whose access token expires and is renewed in the enclave. */
export type TokenKind =
  | z.infer<typeof oauth2Schema>
  | z.infer<typeof clientCredentialsSchema>
  | z.infer<typeof jwtBearerSchema>
  | z.infer<typeof githubAppSchema>

/** Kinds of {@link TokenKind} that need nobody to sign in: the first call gets their first token. */
export const mintingKinds: readonly TokenKind['kind'][] = [
  'oauth2_client_credentials',
  'jwt_bearer',
  'github_app',
]

const tokenKinds: readonly string[] = ['oauth2', ...mintingKinds]

/** Tells whether a credential's access token is renewed in the enclave. */
export function isTokenKind<Kind extends { readonly kind: string }>(
  credential: Kind,
): credential is Extract<Kind, TokenKind> {
  return tokenKinds.includes(credential.kind)
}

/** Secret fields that a client seals, but for `oauth2`, which the enclave makes. */
export const tokenSecretFields = {
  oauth2_app: { required: [], optional: ['client_secret'] },
  oauth2: { required: ['access_token'], optional: ['refresh_token'] },
  oauth2_client_credentials: { required: ['client_secret'], optional: [] },
  jwt_bearer: { required: ['private_key'], optional: [], multiline: ['private_key'] },
  github_app: { required: ['private_key'], optional: [], multiline: ['private_key'] },
} as const
