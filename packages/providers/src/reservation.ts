import {
  type ConnectionPolicy,
  type CredentialKind,
  credentialKindSchema,
  type OAuthApp,
  revocationSlots,
} from '@holdfast/protocol'
import { fillTemplate, resolveBaseUrl, type Variables } from './base-url.ts'
import { ProviderError } from './errors.ts'
import { matchesPattern } from './key-pattern.ts'
import { choosePolicy, type PolicyChoice } from './policy.ts'
import type { Provider, ProviderKind } from './schema.ts'

/** What `POST /v1/connections` and sealing need. */
export interface ProviderReservation {
  readonly provider: string
  readonly base_url: string
  readonly credential: CredentialKind
  /** Absent when nothing was allowed. */
  readonly policy?: ConnectionPolicy
}

/** What a person chose. */
export interface ReservationInputs {
  readonly variables?: Variables
  /** Details of the kind that are no secret, such as the id of an app. */
  readonly details?: Variables
  /** For kinds that ask a token endpoint. Default: the provider's default scopes. */
  readonly scopes?: readonly string[]
  readonly policy?: PolicyChoice
  /** Another host for a provider that people run themselves. */
  readonly baseUrl?: string
}

/**
 * Turns a choice of the catalog into a reservation.
 *
 * @throws ProviderError `MISSING_VARIABLE`, `INVALID_VARIABLE`, `KIND_NOT_SUPPORTED`,
 *   `UNKNOWN_OPERATION`
 */
export function toReservation(
  provider: Provider,
  kind: ProviderKind,
  inputs: ReservationInputs = {},
): ProviderReservation {
  const base_url =
    provider.self_hosted === true && inputs.baseUrl !== undefined
      ? inputs.baseUrl
      : resolveBaseUrl(provider, inputs.variables)
  const credential = toCredential(provider, kind, inputs, base_url)
  const choice = inputs.policy ?? { preset: 'none' }
  if (choice.preset === 'none') return { provider: provider.name, base_url, credential }
  const { policy } = choosePolicy(provider, choice)
  return { provider: provider.name, base_url, credential, policy }
}

/** The kind with this id; without one, the first that a person can paste. */
export function findKind(provider: Provider, id?: string): ProviderKind {
  const kind =
    id === undefined
      ? (provider.kinds.find(isPasted) ?? provider.kinds[0])
      : (provider.kinds.find((kind) => kind.id === id) ??
        provider.kinds.find((kind) => kind.credential.kind === id))
  if (kind) return kind
  throw new ProviderError(
    'UNKNOWN_KIND',
    `${provider.title} has no such kind of credential`,
    `choose of: ${provider.kinds.map(({ id }) => id).join(', ')}`,
  )
}

/** Whether a person seals this kind by pasting something, and no browser is needed. */
export const isPasted = ({ fields }: ProviderKind): boolean => Object.keys(fields).length > 0

/**
 * An operator's OAuth client at the provider, as it is sealed before anybody can sign in there.
 *
 * @throws ProviderError `KIND_NOT_SUPPORTED` where nobody signs in, `MISSING_VARIABLE`
 */
export function toOAuthApp(
  provider: Provider,
  clientId: string,
  variables: Variables = {},
): OAuthApp {
  const { oauth, kinds } = provider
  const signIn = kinds.find(({ credential }) => credential.kind === 'oauth2')?.credential
  const fill = (url: string): string => fillTemplate(provider, url, variables)
  const credential = credentialKindSchema.safeParse({
    kind: 'oauth2_app',
    client_id: clientId,
    authorization_endpoint: oauth?.authorization_endpoint && fill(oauth.authorization_endpoint),
    token_endpoint: oauth && fill(oauth.token_endpoint),
    ...revocationOf(provider, variables),
    token_endpoint_auth_method: oauth?.token_endpoint_auth_method,
    scopes: oauth?.default_scopes ?? [],
    ...(oauth?.refresh_gone && { refresh_gone: oauth.refresh_gone }),
    ...(oauth?.scope_separator && { scope_separator: oauth.scope_separator }),
    ...(oauth?.authorization_params && { authorization_parameters: oauth.authorization_params }),
    ...(signIn && 'header' in signIn && { header: signIn.header }),
  })
  if (credential.success && credential.data.kind === 'oauth2_app') return credential.data
  throw notSupported(provider, 'signing in')
}

function toCredential(
  provider: Provider,
  kind: ProviderKind,
  { variables = {}, details = {}, scopes }: ReservationInputs,
  baseUrl: string,
): CredentialKind {
  const wire = wireKind(provider, kind, variables, checkedDetails(provider, kind, details), baseUrl)
  const asked = scopes ?? provider.oauth?.default_scopes
  const parsed = credentialKindSchema.safeParse({
    ...wire,
    ...('token_endpoint' in wire && asked !== undefined && asked.length > 0 && { scopes: asked }),
  })
  if (parsed.success) return parsed.data
  throw notSupported(provider, kind.title)
}

function wireKind(
  provider: Provider,
  { credential }: ProviderKind,
  variables: Variables,
  details: Variables,
  baseUrl: string,
): object {
  const fill = (text: string): string => fillTemplate(provider, text, variables)
  const { token_endpoint = '', token_endpoint_auth_method } = provider.oauth ?? {}
  switch (credential.kind) {
    case 'aws_sigv4':
      return { ...credential, region: fill(credential.region) }
    case 'oauth2_client_credentials':
    case 'jwt_bearer': {
      const { parameters } = credential
      return {
        ...credential,
        ...('audience' in credential &&
          credential.audience !== undefined && { audience: fill(credential.audience) }),
        ...(parameters && { parameters: mapValues(parameters, fill) }),
        ...details,
        token_endpoint: fill(token_endpoint),
        ...revocationOf(provider, variables),
        ...(credential.kind === 'oauth2_client_credentials' && { token_endpoint_auth_method }),
      }
    }
    case 'github_app':
      return { ...credential, ...details, api_url: baseUrl }
    default:
      return credential
  }
}

const mapValues = (
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))

/** How tokens are ended, with the account's values. */
function revocationOf(provider: Provider, variables: Variables): object {
  const { revocation_endpoint: endpoint, revocation_request: request } = provider.oauth ?? {}
  if (endpoint !== undefined) {
    return { revocation_endpoint: fillTemplate(provider, endpoint, variables) }
  }
  if (!request) return {}
  const url = fillTemplate(provider, request.url, variables, revocationSlots)
  return { revocation_request: { ...request, url } }
}

function checkedDetails(provider: Provider, { inputs }: ProviderKind, given: Variables): Variables {
  const entries = Object.entries(inputs).flatMap(
    ([name, { title, patterns, optional, example }]) => {
      const value = given[name]
      if (value === undefined && optional === true) return []
      if (value === undefined) {
        const message = `${provider.title} needs ${name}: ${title}`
        throw new ProviderError('MISSING_VARIABLE', message, `give it like ${name}=${example}`)
      }
      if (patterns?.every((pattern) => !matchesPattern(pattern, value))) {
        const message = `${name} is not what ${provider.title} expects: ${title}`
        throw new ProviderError('INVALID_VARIABLE', message, `give it like ${name}=${example}`)
      }
      return [[name, value] as const]
    },
  )
  return Object.fromEntries(entries)
}

const notSupported = (provider: Provider, what: string): ProviderError =>
  new ProviderError(
    'KIND_NOT_SUPPORTED',
    `${provider.title}: ${what} cannot be sealed from a pasted value`,
    'choose another kind; `holdfast providers show` lists them',
  )
