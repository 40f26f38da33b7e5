import type { Collection } from './administration.ts'

/** Whom the assertions of an issuer speak of; exactly one of the last three. */
export interface IssuerSubject {
  /** The `sub`, or its beginning and `*`. */
  readonly subject: string
  readonly claims?: Readonly<Record<string, string>>
  readonly user?: string
  /** Name of the claim that holds a user's e-mail address. */
  readonly user_by_email?: string
  readonly client?: true
}

/** What an issuer is trusted for. */
export interface IssuerTrust {
  readonly uses: readonly ('token-exchange' | 'workload' | 'id-jag')[]
  readonly jwks_uri?: string
  readonly jwks?: { readonly keys: readonly object[] }
  /** `aud` of tokens that are exchanged. */
  readonly audience?: string
  readonly subjects: readonly IssuerSubject[]
  readonly clients: readonly string[]
  readonly resources: readonly string[]
  readonly scopes?: readonly string[]
  /** Seconds; default 3600. */
  readonly max_lifetime?: number
  /** Default true. */
  readonly single_use?: boolean
}

/** Another server whose assertions are believed. */
export interface IssuerView {
  readonly id: string
  readonly issuer: string
  readonly trust: IssuerTrust
  readonly created_by: string
  readonly created_at: string
}

/** Other servers whose assertions are believed. For administrators. */
export type Issuers = Collection<IssuerView, Pick<IssuerView, 'issuer' | 'trust'>, IssuerView>
