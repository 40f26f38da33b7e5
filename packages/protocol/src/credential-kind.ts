import { z } from 'zod'
import { hmacKindSchema, usesKeyId } from './credential-hmac.ts'
import {
  bodyFormat,
  type Injection,
  injectionFault,
  injectionsSchema,
  parameterName,
  isPathTemplate,
  pathTemplateMessage,
  secretFieldNames,
  segmentNumber,
  templateText,
  tokenName,
} from './credential-place.ts'
import { templateSlots } from './credential-template.ts'
import { tokenKindSchemas, tokenSecretFields } from './credential-token.ts'

const hasKey = (template: string): boolean => template.includes('{api_key}')
const hasKeyOnly = (template: string): boolean =>
  hasKey(template) && templateSlots(template).every((slot) => slot === 'api_key')
const needsKey = { message: 'the template must contain {api_key}' }
const apiKey = z.literal('api_key')

/** Without `in` it stands in a header: so were all sealed at first. */
const apiKeySchema = z.discriminatedUnion('in', [
  z.strictObject({
    kind: apiKey,
    in: z.literal('header').optional(),
    /** Header that carries the key. */
    header_name: tokenName,
    /** Header value with `{api_key}` where the key goes, such as `Bearer {api_key}`. */
    header_template: templateText.refine(hasKey, needsKey),
  }),
  z.strictObject({
    kind: apiKey,
    in: z.enum(['query', 'cookie']),
    name: parameterName,
    /** Default: `{api_key}`. */
    template: templateText.refine(hasKeyOnly, needsKey).optional(),
  }),
  z
    .strictObject({
      kind: apiKey,
      in: z.literal('path'),
      /** Put between the base URL and the caller's path, such as `/bot{api_key}`. */
      template: templateText.refine(hasKeyOnly, needsKey),
      /** Instead: which segment of the caller's path is replaced. It must be the template itself. */
      segment: segmentNumber.optional(),
    })
    .refine(({ template, segment }) => isPathTemplate(template, segment), pathTemplateMessage),
  z.strictObject({
    kind: apiKey,
    in: z.literal('body'),
    format: bodyFormat,
    name: parameterName,
    /** Default: `{api_key}`. */
    template: templateText.refine(hasKeyOnly, needsKey).optional(),
  }),
])

const fieldsSchema = z
  .strictObject({
    kind: z.literal('fields'),
    /** Names of the secret fields, in their order in the envelope. */
    fields: secretFieldNames,
    inject: injectionsSchema,
  })
  .superRefine(({ fields, inject }, context) => {
    const fault = injectionFault(fields, inject)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

const awsSchema = z.strictObject({
  kind: z.literal('aws_sigv4'),
  /** Such as `eu-central-1`. */
  region: z.string().regex(/^[a-z0-9-]{1,64}$/, 'a region is named like eu-central-1'),
  /** Signing name of the service, such as `s3` or `execute-api`. */
  service: z.string().regex(/^[a-z0-9-]{1,64}$/, 'a service is named like s3 or execute-api'),
  /** How the signature covers the body: as a whole (default), chunk by chunk (S3), not at all. */
  payload: z.enum(['signed', 'chunked', 'unsigned']).optional(),
})

const mtlsSchema = z
  .strictObject({
    kind: z.literal('mtls'),
    /** Secret fields beside certificate and key, for services that want a token as well. */
    fields: secretFieldNames.optional(),
    inject: injectionsSchema.optional(),
  })
  .superRefine(({ fields = [], inject = [] }, context) => {
    const isClash = fields.includes('certificate') || fields.includes('private_key')
    const fault = isClash ? 'a secret field is named twice' : injectionFault(fields, inject)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

/** The credential kinds and how each is injected; the secret fields each needs are in {@link secretFieldsOf}. */
export const credentialKindSchema = z.discriminatedUnion('kind', [
  apiKeySchema,
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('basic') }),
  fieldsSchema,
  hmacKindSchema,
  awsSchema,
  mtlsSchema,
  ...tokenKindSchemas,
])

/** How a credential is injected, without any secret. */
export type CredentialKind = z.infer<typeof credentialKindSchema>

/** The secret fields of a credential, in their order in the envelope: required ones first. */
export interface SecretFields {
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** Those that may hold line breaks, such as PEM. */
  readonly multiline?: readonly string[]
}

const only = (...required: readonly string[]): SecretFields => ({ required, optional: [] })

/** Secret fields of each kind. Those that a credential names itself are added by {@link secretFieldsOf}. */
export const credentialFields: { readonly [Kind in CredentialKind['kind']]: SecretFields } = {
  api_key: only('api_key'),
  bearer: only('token'),
  // Services that take a key for the user name, or for the password, want the other one empty.
  basic: { required: [], optional: ['username', 'password'] },
  fields: only(),
  hmac: { required: ['secret'], optional: ['key_id'] },
  aws_sigv4: { required: ['access_key_id', 'secret_access_key'], optional: ['session_token'] },
  mtls: {
    required: ['certificate', 'private_key'],
    optional: [],
    multiline: ['certificate', 'private_key'],
  },
  ...tokenSecretFields,
}

/** The secret fields that a credential needs and may have. */
export function secretFieldsOf(credential: CredentialKind): SecretFields {
  const fields = credentialFields[credential.kind]
  switch (credential.kind) {
    case 'fields':
    case 'mtls':
      return { ...fields, required: [...fields.required, ...(credential.fields ?? [])] }
    case 'hmac':
      return only('secret', ...(usesKeyId(credential) ? ['key_id'] : []))
    case 'oauth2_client_credentials':
    case 'jwt_bearer':
    case 'github_app':
      // Only what the enclave wrote holds a token.
      return credential.issued
        ? { ...fields, required: [...fields.required, 'access_token'] }
        : fields
    case 'oauth2_app':
      return credential.token_endpoint_auth_method === 'none' ? only() : only('client_secret')
    default:
      return fields
  }
}

/** Where an API key goes, said as the injections of {@link Injection}. */
export function apiKeyInjection(kind: Extract<CredentialKind, { kind: 'api_key' }>): Injection {
  const whole = '{api_key}'
  switch (kind.in) {
    case undefined:
    case 'header':
      return { in: 'header', name: kind.header_name, template: kind.header_template }
    case 'query':
    case 'cookie':
      return { in: kind.in, name: kind.name, template: kind.template ?? whole }
    case 'body':
      return { in: 'body', format: kind.format, name: kind.name, template: kind.template ?? whole }
    default:
      return { in: 'path', template: kind.template, segment: kind.segment }
  }
}
