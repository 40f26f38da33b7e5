import { z } from 'zod'

const text = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x20-\x7e]*$/, 'use printable ASCII')
const name = z.string().min(1).max(128)

/**
 * How a provider takes a credential: the protocol's kinds without what only one account has. Whether
 * the protocol takes the result is checked by the lint, for every kind of every provider.
 */
export const credentialShapeSchema = z.discriminatedUnion('kind', [
  z.discriminatedUnion('in', [
    z.strictObject({
      kind: z.literal('api_key'),
      in: z.literal('header'),
      header_name: name,
      /** Header value, such as `Bearer {api_key}`. */
      header_template: text,
    }),
    z.strictObject({
      kind: z.literal('api_key'),
      in: z.enum(['query', 'cookie']),
      name,
      template: text.optional(),
    }),
    z.strictObject({
      kind: z.literal('api_key'),
      in: z.literal('path'),
      /** What stands before the request's path, such as `/bot{api_key}`. */
      template: text,
    }),
  ]),
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('basic') }),
  z.strictObject({
    kind: z.literal('fields'),
    /** Names of the secret fields. */
    fields: z.array(name).min(1).max(6),
    /** Where each goes; a template names fields as `{field}`. */
    inject: z
      .array(z.strictObject({ in: z.enum(['header', 'query', 'cookie']), name, template: text }))
      .min(1)
      .max(8),
  }),
  z.strictObject({
    kind: z.literal('aws_sigv4'),
    /** May hold a `{variable}`. */
    region: text,
    service: text,
  }),
  z.strictObject({ kind: z.literal('mtls') }),
  // The endpoints of these stand once, under `oauth`.
  z.strictObject({ kind: z.literal('oauth2') }),
  z.strictObject({ kind: z.literal('oauth2_client_credentials') }),
  z.strictObject({
    kind: z.literal('jwt_bearer'),
    algorithm: z.enum(['RS256', 'ES256']),
    scopes_in: z.enum(['assertion', 'request']),
  }),
  z.strictObject({ kind: z.literal('github_app') }),
])

/** How a provider takes a credential. */
export type CredentialShape = z.infer<typeof credentialShapeSchema>

/** What a person gives for each kind: secrets, and details that are none. */
interface Wanted {
  readonly fields: readonly string[]
  readonly inputs: readonly string[]
}

const secrets = (...fields: readonly string[]): Wanted => ({ fields, inputs: [] })

const wantedByKind: Readonly<Record<Exclude<CredentialShape['kind'], 'fields'>, Wanted>> = {
  api_key: secrets('api_key'),
  bearer: secrets('token'),
  basic: secrets('username', 'password'),
  aws_sigv4: secrets('access_key_id', 'secret_access_key'),
  mtls: secrets('certificate', 'private_key'),
  // The browser brings it; nobody pastes it.
  oauth2: secrets(),
  oauth2_client_credentials: { fields: ['client_secret'], inputs: ['client_id'] },
  jwt_bearer: { fields: ['private_key'], inputs: ['issuer', 'subject'] },
  github_app: { fields: ['private_key'], inputs: ['app_id', 'installation_id'] },
}

/** What a person gives for this shape. */
export const wantedFor = (shape: CredentialShape): Wanted =>
  shape.kind === 'fields' ? secrets(...shape.fields) : wantedByKind[shape.kind]
