import type { Collection } from './administration.ts'

/** A key with which programs act for its owner, without the key. */
export interface ApiKeyView {
  readonly id: string
  readonly environment: 'live' | 'test'
  readonly label: string | null
  /** Null: every registered one. */
  readonly resources: readonly string[] | null
  /** Null: every scope of those resources. */
  readonly scopes: readonly string[] | null
  /** Name → handle; null: every connection of the owner. */
  readonly connections: Readonly<Record<string, string>> | null
  readonly created_at: string
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

/** A key to make. */
export interface NewApiKey {
  /** Default `live`. */
  readonly environment?: 'live' | 'test'
  readonly label?: string
  readonly resources?: readonly string[]
  readonly scopes?: readonly string[]
  readonly connections?: Readonly<Record<string, string>>
  /** Seconds; default 90 days; null = until it is revoked. */
  readonly expires_in?: number | null
}

/** API keys of the caller. The key itself is part of the answer to `create` alone. */
export type ApiKeys = Collection<
  ApiKeyView,
  NewApiKey,
  { readonly properties: ApiKeyView; readonly key: string }
>
