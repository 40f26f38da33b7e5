import { type CredentialKind, credentialKindSchema, secretFieldsOf } from '@holdfast/protocol'
import { z } from 'zod'

// The protocol's own kinds, in its order: what can be sealed can be said in a file.
const [
  apiKey,
  bearer,
  basic,
  fields,
  hmac,
  awsSigv4,
  mtls,
  ,
  oauth2,
  clientCredentials,
  jwtBearer,
  githubApp,
] = credentialKindSchema.options

/** Stands once, under `oauth`. */
const ofOauth = {
  token_endpoint: true,
  revocation_endpoint: true,
  revocation_request: true,
} as const

/**
 * How a provider takes a credential: the protocol's kinds without what only one account has. Whether
 * the protocol takes the result is checked by the lint, for every kind of every provider.
 */
export const credentialShapeSchema = z.discriminatedUnion('kind', [
  apiKey,
  bearer,
  basic,
  fields,
  hmac,
  /** The region may hold a `{variable}`. */
  awsSigv4.extend({ region: z.string().min(1).max(128) }),
  mtls,
  oauth2.pick({ kind: true, header: true }),
  /** Values of parameters may hold a `{variable}`. */
  clientCredentials.omit({
    ...ofOauth,
    token_endpoint_auth_method: true,
    client_id: true,
    scopes: true,
    issued: true,
  }),
  /** The audience and values of parameters may hold a `{variable}`. */
  jwtBearer.omit({
    ...ofOauth,
    issuer: true,
    subject: true,
    key_id: true,
    scopes: true,
    issued: true,
  }),
  githubApp.pick({ kind: true }),
])

/** How a provider takes a credential. */
export type CredentialShape = z.infer<typeof credentialShapeSchema>

/** Names of values of which all the first are needed, and the others are possible. */
export interface Names {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

/** What a person gives for each kind: secrets, and details that are none. */
interface Wanted {
  readonly fields: Names
  readonly inputs: Names
}

const none: Names = { required: [], optional: [] }

const inputsByKind: Partial<Record<CredentialShape['kind'], Names>> = {
  oauth2_client_credentials: { required: ['client_id'], optional: [] },
  jwt_bearer: { required: ['issuer'], optional: ['subject', 'key_id'] },
  github_app: { required: ['app_id', 'installation_id'], optional: [] },
}

/** What a person gives for this shape. */
export const wantedFor = (shape: CredentialShape): Wanted => ({
  fields: fieldsFor(shape),
  inputs: inputsByKind[shape.kind] ?? none,
})

function fieldsFor(shape: CredentialShape): Names {
  // The browser brings it; nobody pastes it.
  if (shape.kind === 'oauth2') return none
  const { required, optional } = secretFieldsOf(shape as CredentialKind)
  // User name and password may each be empty, but a file says which: as a constant.
  return required.length === 0 ? { required: optional, optional: [] } : { required, optional }
}
