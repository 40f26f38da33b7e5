import {
  dispatchMethods,
  goneAnswersSchema,
  parseRequestPath,
  providerNameSchema,
  revocationRequestOf,
  revocationSlots,
} from '@holdfast/protocol'
import { z } from 'zod'
import { credentialShapeSchema, wantedFor } from './credential-shape.ts'
import { parsePattern } from './key-pattern.ts'

/** One line of words for people. */
const words = z
  .string()
  .min(3)
  .max(400)
  .regex(/^[^\p{Cc}\p{Cf}]+$/u, 'use one line without control characters')
const shortName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'use lower-case letters, digits and underscores')
const headerName = z.string().regex(/^[a-z0-9-]{1,64}$/, 'use a lower-case header name')
const headerValue = z.string().regex(/^[\x20-\x7e]{1,200}$/, 'use printable ASCII')

const httpsUrl = z
  .string()
  .max(500)
  .refine((text) => URL.canParse(text) && new URL(text).protocol === 'https:', 'use an https URL')

/** An https URL that may hold `{variables}`. */
const urlTemplate = z
  .string()
  .max(500)
  .regex(/^https:\/\/[^\s\\@]+$/, 'use an https URL, such as https://{tenant}.example.com/api')

const pattern = z.string().superRefine((source, context) => {
  try {
    parsePattern(source)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})
const patterns = z.array(pattern).min(1).max(6)

const path = z.string().superRefine((text, context) => {
  try {
    parseRequestPath(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

const jsonPointer = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'use a JSON pointer (RFC 6901), such as /user/name')

/** A part of the base URL that each customer has for themselves. */
const variableSchema = z
  .strictObject({
    title: words,
    /** Where a person reads it. */
    words: words.optional(),
    example: z.string().min(1).max(100),
    /** What fits. Default: one DNS label. */
    pattern: pattern.optional(),
    /** The only values, for sites and regions. */
    choices: z.array(z.string().min(1).max(100)).min(2).max(40).optional(),
    default: z.string().min(1).max(100).optional(),
  })
  .refine(({ pattern, choices }) => pattern === undefined || choices === undefined, {
    message: 'give a pattern or choices, not both',
  })

/** One secret that a person pastes. */
const fieldSchema = z.strictObject({
  title: words,
  /** What a right value looks like; left out where the provider promises nothing. */
  patterns: patterns.optional(),
  /** A value that is no secret and always the same, such as an unused password. */
  constant: z.string().min(1).max(100).optional(),
  /** Set when it may be seen while it is typed. */
  visible: z.boolean().optional(),
  /** Where to find or create it. */
  where: z.strictObject({ url: urlTemplate, words }).optional(),
  /** Values that people paste by mistake, and what to say. */
  wrong: z.array(z.strictObject({ patterns, words })).max(12).optional(),
})

/** A detail that is no secret, such as the id of an app. */
const inputSchema = z.strictObject({
  title: words,
  patterns: patterns.optional(),
  optional: z.boolean().optional(),
  example: z.string().min(1).max(100),
})

/** A way to authenticate. */
const kindSchema = z
  .strictObject({
    /** Name for `--kind`; unique within the provider. */
    id: shortName,
    title: words,
    /** How the credential gets into a request. */
    credential: credentialShapeSchema,
    /** What a person pastes, by secret field name. */
    fields: z.record(shortName, fieldSchema).default({}),
    /** What else belongs to it and is no secret. */
    inputs: z.record(shortName, inputSchema).default({}),
    /** A word of advice before it is chosen, such as a safer kind. */
    advice: words.optional(),
  })
  .superRefine(({ credential, fields, inputs }, context) => {
    const wanted = wantedFor(credential)
    for (const [part, given] of [
      ['fields', fields],
      ['inputs', inputs],
    ] as const) {
      const { required, optional } = wanted[part]
      const isKnown = (name: string): boolean => [...required, ...optional].includes(name)
      if (required.every((name) => name in given) && Object.keys(given).every(isKnown)) continue
      const list = required.join(', ') || 'none'
      const also = optional.length === 0 ? '' : `, and may have: ${optional.join(', ')}`
      const message = `a credential of the kind ${credential.kind} needs the ${part}: ${list}${also}`
      context.addIssue({ code: 'custom', path: [part], message })
    }
  })

const oauthSchema = z.strictObject({
  authorization_endpoint: urlTemplate.optional(),
  token_endpoint: urlTemplate,
  /** By RFC 7009. */
  revocation_endpoint: urlTemplate.optional(),
  /** Instead: the provider's own way. Beside variables its URL may hold `{token}` and `{client_id}`. */
  revocation_request: revocationRequestOf(urlTemplate).optional(),
  /** Answers to a refresh token that is over, beside `invalid_grant`. */
  refresh_gone: goneAnswersSchema.optional(),
  /** Where people see and take back what they allowed, or where the provider says how. */
  access_page: urlTemplate.optional(),
  token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']),
  /** Whether the provider checks PKCE with S256, which is always sent. */
  pkce: z.boolean(),
  /** Scopes in words. */
  scopes: z.record(z.string().regex(/^[\x21-\x7e]{1,200}$/), words),
  /** What stands between scopes. Default: a space. */
  scope_separator: z.enum([' ', ',']).optional(),
  /** Scopes without which the identity request fails. */
  default_scopes: z.array(z.string()).max(20).optional(),
  /** Further parameters of the authorization request, such as `access_type=offline`. */
  authorization_params: z
    .record(z.string().regex(/^[a-z_]{1,40}$/), z.string().max(200))
    .optional(),
  /** Where an operator registers the OAuth client. */
  register_url: urlTemplate.optional(),
})

const identitySchema = z.strictObject({
  /** Always `GET`: it must be harmless. */
  method: z.literal('GET').default('GET'),
  /** Path below the base URL. */
  path,
  /** Where the answer names the account; the first that is there counts. */
  account: z.array(jsonPointer).max(6).default([]),
  /** What must be true or present in an answer, where a provider answers 200 to a refusal too. */
  ok: jsonPointer.optional(),
  /** Kinds (ids) that this request fits. Default: all. */
  kinds: z.array(shortName).min(1).optional(),
})

const operationSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_.]{1,60}$/, 'use a name such as issues.list'),
  method: z.enum(dispatchMethods),
  /** Path pattern below the base URL, as in policies. */
  path: z
    .string()
    .max(512)
    .regex(/^\/[\x21-\x7e]*$/),
  words,
})

/** Zod schema of one provider: the form of the built-in data and of operators' files. */
export const providerSchema = z
  .strictObject({
    name: providerNameSchema,
    title: words,
    category: z.enum(['ai', 'search', 'developer', 'cloud', 'work', 'commerce', 'social', 'data']),
    /** Documentation of the API or its authentication. */
    docs: httpsUrl,
    /** `docs`: compared with the provider's public documentation on that day. */
    verified: z.enum(['docs', 'unverified']),
    checked: z.iso.date(),
    /** The only place that ever gets the credential. */
    base_url: urlTemplate,
    variables: z.record(shortName, variableSchema).optional(),
    /** People also run it themselves: `--base-url` may name another host. */
    self_hosted: z.boolean().optional(),
    /** Headers without secrets that every request needs. */
    headers: z.record(headerName, headerValue).optional(),
    kinds: z.array(kindSchema).min(1).max(8),
    oauth: oauthSchema.optional(),
    identity: identitySchema.optional(),
    rate_limit: z
      .strictObject({
        limit: headerName.optional(),
        remaining: headerName.optional(),
        reset: headerName.optional(),
        retry_after: headerName.optional(),
      })
      .optional(),
    operations: z.array(operationSchema).max(100).optional(),
  })
  .superRefine((provider, context) => {
    for (const [where, message] of contradictions(provider)) {
      context.addIssue({ code: 'custom', path: [where], message })
    }
  })

/** One provider, complete. */
export type Provider = z.output<typeof providerSchema>
/** One provider as it is written down. */
export type ProviderData = z.input<typeof providerSchema>
export type ProviderKind = Provider['kinds'][number]
export type ProviderField = z.output<typeof fieldSchema>
export type ProviderInput = z.output<typeof inputSchema>
export type ProviderVariable = z.output<typeof variableSchema>
export type ProviderOperation = z.output<typeof operationSchema>

/** Names of the `{variables}` in a text. */
export const variableNames = (template: string): readonly string[] => [
  ...new Set([...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)),
]

const oauthKinds: ReadonlySet<string> = new Set([
  'oauth2',
  'oauth2_client_credentials',
  'jwt_bearer',
])

function* contradictions(provider: {
  readonly base_url: string
  readonly variables?: Record<string, unknown> | undefined
  readonly kinds: readonly { readonly id: string; readonly credential: { kind: string } }[]
  readonly oauth?: z.output<typeof oauthSchema> | undefined
  readonly identity?: z.output<typeof identitySchema> | undefined
  readonly operations?: readonly { readonly name: string }[] | undefined
}): Generator<readonly [string, string]> {
  const { kinds, oauth, identity } = provider
  const declared = Object.keys(provider.variables ?? {})
  const used = variableNames(provider.base_url)
  for (const name of used.filter((name) => !declared.includes(name))) {
    yield ['base_url', `the variable {${name}} is not declared under variables`]
  }
  for (const name of declared.filter((name) => !used.includes(name))) {
    yield ['variables', `the variable ${name} does not stand in base_url`]
  }
  const { authorization_endpoint = '', token_endpoint = '', access_page = '' } = oauth ?? {}
  const { revocation_endpoint = '', revocation_request, register_url = '' } = oauth ?? {}
  const endpoints = authorization_endpoint + token_endpoint + revocation_endpoint
  const urls = endpoints + access_page + register_url
  const slots: readonly string[] = revocationSlots
  const inRequest = variableNames(revocation_request?.url ?? '').filter(
    (one) => !slots.includes(one),
  )
  for (const name of new Set([...variableNames(urls), ...inRequest])) {
    if (!declared.includes(name)) yield ['oauth', `the variable {${name}} is not declared`]
  }
  if (declared.some((name) => slots.includes(name))) {
    yield ['variables', `a variable cannot be named ${slots.join(', ')}`]
  }
  if (revocation_endpoint !== '' && revocation_request) {
    yield ['oauth', 'tokens are ended in one way: give revocation_endpoint or revocation_request']
  }
  const ids = kinds.map(({ id }) => id)
  if (new Set(ids).size !== ids.length) yield ['kinds', 'two kinds have the same id']
  const needsOauth = kinds.some(({ credential }) => oauthKinds.has(credential.kind))
  if (needsOauth !== (oauth !== undefined)) {
    yield ['oauth', 'oauth stands where a kind asks a token endpoint, else nowhere']
  }
  if (
    kinds.some(({ credential }) => credential.kind === 'oauth2') &&
    oauth?.authorization_endpoint === undefined
  ) {
    yield ['oauth', 'the kind oauth2 needs an authorization_endpoint']
  }
  for (const scope of oauth?.default_scopes ?? []) {
    if (!(scope in (oauth?.scopes ?? {}))) yield ['oauth', `the scope ${scope} is not described`]
  }
  for (const id of identity?.kinds ?? []) {
    if (!ids.includes(id)) yield ['identity', `there is no kind with the id ${id}`]
  }
  const names = provider.operations?.map(({ name }) => name) ?? []
  if (new Set(names).size !== names.length) yield ['operations', 'two operations have one name']
}
