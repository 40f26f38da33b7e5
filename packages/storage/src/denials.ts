export type DenialKind = 'user' | 'client' | 'grant' | 'token'

/** One entry of the deny list that resource servers fetch. */
export interface DenialEntry {
  readonly kind: DenialKind
  /** `sub`, client id, `ddls:grant` or `jti`. */
  readonly value: string
  readonly expiresAtMs: number
}

export interface Denials {
  /** Adds or extends entries and moves the epoch on, once for all of them. */
  add(entries: readonly DenialEntry[]): Promise<void>
  /** All unexpired entries and the epoch they belong to. */
  list(): Promise<{ readonly epoch: number; readonly entries: readonly DenialEntry[] }>
  /** Changes whenever an entry is added, extended or lifted; never goes back. */
  epoch(): Promise<number>
  /** The entry that denies a token with these claims, if any; one indexed read. */
  match(claims: {
    readonly user?: string | undefined
    readonly client?: string | undefined
    readonly grant?: string | undefined
    readonly token?: string | undefined
  }): Promise<DenialEntry | undefined>
}
