import type { JsonObject, JsonValue } from '@holdfast/storage'
import { assertionAlgorithms } from '../oauth/client-assertion.ts'
import { cleanText } from './clean-text.ts'
import { isKnownKind, isPrivate, keyProblem } from './client-keys.ts'
import { RegistrationError } from './errors.ts'
import { selfServiceRedirectProblem } from './redirect-uri.ts'
import { selfServiceGrants } from './static-client.ts'

/** How clients may authenticate, by how they register. */
export interface MetadataRules {
  /** In the order of preference. */
  readonly authMethods: readonly string[]
  /** Origin of this server, to which no client may be redirected. */
  readonly issuer: string
}

/** Most redirect URIs of a client that registers itself. */
export const maxRedirectUris = 10

const maxKeys = 20

/**
 * What becomes of the metadata of a client that registers itself. Fields that are unknown here, or
 * that this server decides alone (`scope`, `application_type`), are left out; nothing is ever null.
 *
 * @throws RegistrationError that names the field
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591#section-2}
 */
export function acceptMetadata(
  given: Readonly<Record<string, unknown>>,
  rules: MetadataRules,
): JsonObject {
  const method = authMethodOf(given, rules)
  const accepted: Record<string, JsonValue | undefined> = {
    client_name:
      typeof given['client_name'] === 'string' ? cleanText(given['client_name'], 100) : undefined,
    // Real clients leave it out or say "web" and use loopback and private-use schemes all the same.
    application_type: 'native',
    redirect_uris: redirectUrisOf(given['redirect_uris'], rules),
    grant_types: grantTypesOf(given['grant_types']),
    response_types: responseTypesOf(given['response_types']),
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt' && keysOf(given)),
    client_uri: linkOf(given['client_uri']),
    policy_uri: linkOf(given['policy_uri']),
    tos_uri: linkOf(given['tos_uri']),
    software_id: shortTextOf(given['software_id']),
    software_version: shortTextOf(given['software_version']),
    dpop_bound_access_tokens: given['dpop_bound_access_tokens'] === true ? true : undefined,
  }
  return Object.fromEntries(
    Object.entries(accepted).filter(
      (entry): entry is [string, JsonValue] => entry[1] !== undefined,
    ),
  )
}

const refuse = (field: string, problem: string): never => {
  throw new RegistrationError(
    field === 'redirect_uris' || field.startsWith('redirect_uris.')
      ? 'invalid_redirect_uri'
      : 'invalid_client_metadata',
    `${field}: ${problem}`,
    `/${field.replaceAll('.', '/')}`,
  )
}

function stringsOf(field: string, value: unknown): string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string')
  return isList ? [...new Set(value)] : refuse(field, 'must be a list of strings')
}

const isAbsent = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0)

function redirectUrisOf(value: unknown, { issuer }: MetadataRules): string[] {
  if (isAbsent(value)) return refuse('redirect_uris', 'needs at least one')
  const uris = stringsOf('redirect_uris', value)
  if (uris.length > maxRedirectUris) refuse('redirect_uris', `must be at most ${maxRedirectUris}`)
  for (const [index, uri] of uris.entries()) {
    const problem = selfServiceRedirectProblem(uri, issuer)
    if (problem !== undefined) refuse(`redirect_uris.${index}`, problem)
  }
  return uris
}

/** Others than ours are left out, not refused: clients list what they can do, not what they need. */
function grantTypesOf(value: unknown): string[] {
  if (isAbsent(value)) return [...selfServiceGrants]
  const types = stringsOf('grant_types', value).filter((type) => selfServiceGrants.includes(type))
  return types.includes('authorization_code')
    ? types
    : refuse('grant_types', 'must hold authorization_code')
}

function responseTypesOf(value: unknown): string[] {
  if (!isAbsent(value) && !stringsOf('response_types', value).includes('code')) {
    refuse('response_types', 'must hold code')
  }
  return ['code']
}

/** The method that is stated, or else the first supported one of those that the client offers. */
function authMethodOf(
  given: Readonly<Record<string, unknown>>,
  { authMethods }: MetadataRules,
): string {
  const field = 'token_endpoint_auth_method'
  const stated = given[field]
  const offered = given[`${field}s_supported`]
  if (typeof stated === 'string' && authMethods.includes(stated)) return stated
  const choices = isAbsent(offered) ? [] : stringsOf(`${field}s_supported`, offered)
  const chosen = choices.find((method) => authMethods.includes(method))
  if (chosen !== undefined) return chosen
  if (isAbsent(stated) && choices.length === 0) return 'none'
  return refuse(field, `must be one of ${authMethods.join(', ')}`)
}

function keysOf(given: Readonly<Record<string, unknown>>): Record<string, JsonValue> {
  const { jwks, jwks_uri: uri, token_endpoint_auth_signing_alg: alg } = given
  const signing = isAbsent(alg) ? {} : { token_endpoint_auth_signing_alg: algorithmOf(alg) }
  if (!isAbsent(uri)) {
    if (!isAbsent(jwks)) refuse('jwks', 'must not stand beside jwks_uri')
    return { jwks_uri: linkOf(uri) ?? refuse('jwks_uri', 'must be an https URL'), ...signing }
  }
  return { jwks: { keys: publicKeysOf(jwks) }, ...signing }
}

const algorithmOf = (alg: unknown): string =>
  assertionAlgorithms.find((known) => known === alg) ??
  refuse('token_endpoint_auth_signing_alg', `must be one of ${assertionAlgorithms.join(', ')}`)

/** The keys by which a client can sign here; keys of other kinds are left out, private ones never. */
function publicKeysOf(jwks: unknown): JsonObject[] {
  const keys = (jwks as { keys?: unknown } | undefined | null)?.keys
  const isList = Array.isArray(keys) && keys.length > 0 && keys.length <= maxKeys
  if (!isList || !keys.every((key) => typeof key === 'object' && key !== null)) {
    return refuse('jwks', `private_key_jwt needs jwks_uri, or jwks with 1 to ${maxKeys} keys`)
  }
  const known = (keys as JsonObject[]).filter(isKnownKind)
  const looked = (keys as JsonObject[]).some(isPrivate) || known.length === 0 ? keys : known
  const problem = (looked as JsonObject[]).map(keyProblem).find((one) => one !== undefined)
  return problem === undefined ? known : refuse('jwks', problem)
}

/** An https URL without credentials; anything else is left out, as nothing depends on it. */
function linkOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 2048) return undefined
  const url = URL.parse(value)
  const isLink = url?.protocol === 'https:' && url.username === '' && url.password === ''
  return isLink ? value : undefined
}

const shortTextOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(value) ? value : undefined
