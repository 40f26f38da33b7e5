import { z } from 'zod'

const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, 'not a header name')
const parameterName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'not a parameter name')
const template = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x20-\x7e]*$/, 'use printable ASCII')
const apiKeyTemplate = template.refine((text) => text.includes('{api_key}'), {
  message: 'the template must contain {api_key}',
})
const fieldName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/)

/** How a provider takes a credential. What is secret stands in none of these. */
export const credentialShapeSchema = z.discriminatedUnion('kind', [
  z.discriminatedUnion('in', [
    z.strictObject({
      kind: z.literal('api_key'),
      in: z.literal('header'),
      header_name: headerName,
      /** Header value, such as `Bearer {api_key}`. */
      header_template: apiKeyTemplate,
    }),
    z.strictObject({ kind: z.literal('api_key'), in: z.literal('query'), name: parameterName }),
    z.strictObject({
      kind: z.literal('api_key'),
      in: z.literal('path'),
      /** What stands before the request's path, such as `/bot{api_key}`. */
      template: apiKeyTemplate,
    }),
  ]),
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('basic') }),
  z.strictObject({
    kind: z.literal('fields'),
    /** Names of the secret fields. */
    fields: z.array(fieldName).min(1).max(8),
    /** Where each goes; a template names fields as `{field}`. */
    injections: z
      .array(z.strictObject({ in: z.enum(['header', 'query']), name: headerName, template }))
      .min(1)
      .max(8),
  }),
  z.strictObject({
    kind: z.literal('aws_sigv4'),
    region: z.string().max(64),
    service: z.string().regex(/^[a-z0-9-]{1,64}$/),
  }),
  z.strictObject({ kind: z.literal('mtls') }),
  z.strictObject({ kind: z.literal('oauth2') }),
  z.strictObject({ kind: z.literal('oauth2_client_credentials') }),
  z.strictObject({ kind: z.literal('jwt_bearer') }),
  z.strictObject({ kind: z.literal('github_app') }),
])

/** How a provider takes a credential. */
export type CredentialShape = z.infer<typeof credentialShapeSchema>

const shapeFieldNames = {
  api_key: ['api_key'],
  bearer: ['token'],
  basic: ['username', 'password'],
  aws_sigv4: ['access_key_id', 'secret_access_key'],
  mtls: ['certificate', 'private_key'],
  // A browser or the operator's client brings these; nobody pastes them.
  oauth2: [],
  oauth2_client_credentials: ['client_id', 'client_secret'],
  jwt_bearer: ['private_key'],
  github_app: ['private_key'],
} as const satisfies Record<Exclude<CredentialShape['kind'], 'fields'>, readonly string[]>

/** The secret fields that a person pastes for this shape. */
export const shapeFields = (shape: CredentialShape): readonly string[] =>
  shape.kind === 'fields' ? shape.fields : shapeFieldNames[shape.kind]
