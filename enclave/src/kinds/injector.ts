import type { CredentialKind, Injection } from '@holdfast/protocol'
import type { ClientCertificate } from '../client-certificate.ts'
import type { OutgoingRequest } from '../outgoing-request.ts'

/** A value and the place it goes to, as it stands there: encoded, with its template filled. */
export interface PlannedValue {
  readonly place: Injection
  /** In a buffer of its own. Whoever carries the plan out wipes it. */
  readonly value: Buffer
}

/** What a credential does to a request, and nothing more than this. */
export interface InjectionPlan {
  readonly values: readonly PlannedValue[]
  /**
   * Runs last, over the request with all values in it. Answers what else to look for in the answer, such
   * as the signature, with which the request could be repeated. Copied, then wiped.
   */
  readonly sign?: (request: OutgoingRequest) => readonly Uint8Array[]
  readonly clientCertificate?: ClientCertificate
  /**
   * What to look for in the answer beside the fields that were sent: derived values that are as good
   * as the secret. Views that are copied before the plan is carried out.
   */
  readonly alsoScrub?: readonly Uint8Array[]
  /** Fields that need no search, because the upstream never gets them or because they are public. */
  readonly notSent?: readonly string[]
}

/** Secret bytes by field name. Views that are wiped after the request is built: copy, do not keep. */
export type Secrets = Readonly<Record<string, Uint8Array>>

/** How a kind of credential gets into a request. One file each. */
export interface CredentialInjector<Kind extends CredentialKind = CredentialKind> {
  /**
   * What to do. Called for each dispatch, after policy and pins allowed it. Secrets stay bytes: an
   * implementation never makes a string of them.
   */
  plan(kind: Kind, secrets: Secrets): InjectionPlan
  /** Why the credential would fail at its first use, and what to do about it; checked at upload. */
  fault?(kind: Kind, secrets: Secrets): string | undefined
}

/** The kind whose name is `Name`. */
export type KindOf<Name extends CredentialKind['kind']> = Extract<CredentialKind, { kind: Name }>
