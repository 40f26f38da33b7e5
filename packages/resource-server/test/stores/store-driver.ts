import type { ReplayStore } from '@holdfast/protocol/token'
import type { PostgresLogin } from './servers.ts'

/** A store over one client. */
export interface OpenStore {
  readonly store: ReplayStore
  /** Makes what the store needs at its server. */
  readonly prepare: () => Promise<void>
  /** A command or statement, past the store. */
  readonly raw: (command: readonly string[]) => Promise<unknown>
  readonly close: () => unknown
}

/** A way to reach a server that a store is over. */
export interface StoreDriver {
  readonly name: string
  readonly server: 'redis' | 'postgres'
  /** @param port - on 127.0.0.1 */
  readonly open: (
    port: number,
    login: PostgresLogin,
    options: { readonly now?: () => number; readonly timeoutMs?: number },
  ) => Promise<OpenStore>
}
