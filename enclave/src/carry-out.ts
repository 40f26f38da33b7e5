import type { DispatchHead } from '@holdfast/protocol/enclave'
import type { InjectionPlan, Secrets } from './kinds/injector.ts'
import type { FinishedRequest, OutgoingRequest } from './outgoing-request.ts'
import { Scrubber } from './scrub.ts'
import { minEncodedBytes } from './scrub-patterns.ts'
import type { Upstream } from './upstream.ts'
import type { ClientLease } from './upstream-clients.ts'

/** A request with its credential, and who looks for the credential in the answer. */
export interface CarriedOut {
  readonly request: FinishedRequest
  readonly scrubber: Scrubber
}

/**
 * Does what a credential plans, and finishes the request.
 *
 * @throws EnclaveError `INVALID_REQUEST` when the caller fills a place of the credential's
 */
export function carryOut(
  plan: InjectionPlan,
  request: OutgoingRequest,
  secrets: Secrets,
): CarriedOut {
  // The request takes values over and may wipe them; a signature is there only at the end.
  let scrubber = plan.sign ? undefined : new Scrubber(secretsToScrub(secrets, plan))
  try {
    for (const { place, value } of plan.values) request.inject(place, value)
    const signed = plan.sign?.(request) ?? []
    scrubber ??= new Scrubber([...secretsToScrub(secrets, plan), ...signed])
    for (const value of signed) value.fill(0)
    return { request: request.finish(), scrubber }
  } catch (error) {
    for (const { value } of plan.values) value.fill(0)
    scrubber?.wipe()
    request.wipe()
    throw error
  }
}

/** Connections of the credential's own, where it is a client certificate. */
export function leaseClient(
  upstream: Upstream,
  { context }: DispatchHead,
  record: Uint8Array,
  { clientCertificate }: InjectionPlan,
): ClientLease | undefined {
  if (!clientCertificate) return undefined
  return upstream.asClient({ handle: context.handle, record }, clientCertificate)
}

// Names are often short and public; redacting them would mangle answers without protecting anything.
const minNameBytes = 8
const names: ReadonlySet<string> = new Set(['username', 'key_id'])

/** What to look for in an answer: the fields, and what is as good as they are. */
function secretsToScrub(
  secrets: Secrets,
  { alsoScrub = [], notSent = [], values }: InjectionPlan,
): Uint8Array[] {
  const fields = Object.entries(secrets)
    .filter(([name]) => !notSent.includes(name))
    .filter(([name, { length }]) => !names.has(name) || length >= minNameBytes)
    .map(([, secret]) => secret)
  // What holds a field in the clear is found by that field.
  const isFoundIn = (value: Buffer): boolean =>
    fields.some((secret) => secret.length >= minEncodedBytes && value.includes(secret))
  // A short secret is found by what stands around it.
  const whole = values.flatMap(({ place, value }) =>
    place.in === 'header' && !isFoundIn(value) ? [value.subarray(value.indexOf(0x20) + 1)] : [],
  )
  return [...fields, ...whole, ...alsoScrub]
}
