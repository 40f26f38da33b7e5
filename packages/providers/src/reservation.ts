import {
  type ConnectionPolicy,
  type CredentialKind,
  credentialKindSchema,
} from '@holdfast/protocol'
import { resolveBaseUrl, type Variables } from './base-url.ts'
import type { CredentialShape } from './credential-shape.ts'
import { ProviderError } from './errors.ts'
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
  const credential = toCredential(provider, kind, inputs.variables)
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
      : provider.kinds.find((kind) => kind.id === id || kind.credential.kind === id)
  if (kind) return kind
  throw new ProviderError(
    'UNKNOWN_KIND',
    `${provider.title} has no such kind of credential`,
    `choose of: ${provider.kinds.map(({ id }) => id).join(', ')}`,
  )
}

/** Whether a person seals this kind by pasting something, and no browser or app is needed. */
export const isPasted = ({ fields }: ProviderKind): boolean => Object.keys(fields).length > 0

/**
 * The protocol's description of this kind.
 *
 * @throws ProviderError `KIND_NOT_SUPPORTED` for one that is not sealed by pasting
 */
export function toCredential(
  provider: Provider,
  { title, credential }: ProviderKind,
  variables: Variables = {},
): CredentialKind {
  const parsed = credentialKindSchema.safeParse(wireShape(credential, variables))
  if (parsed.success) return parsed.data
  throw new ProviderError(
    'KIND_NOT_SUPPORTED',
    `${provider.title}: ${title} cannot be sealed from a pasted value`,
    'choose another kind; `holdfast providers show` lists them',
  )
}

/** A shape in the words of the protocol. */
function wireShape(shape: CredentialShape, variables: Variables): unknown {
  if (shape.kind === 'api_key' && shape.in === 'header') {
    const { kind, header_name, header_template } = shape
    return { kind, header_name, header_template }
  }
  if (shape.kind === 'aws_sigv4') return { ...shape, region: variables['region'] ?? shape.region }
  return shape
}
