import type { Session, TokenStore } from '../session.ts'
import { fileTokenStore } from './file-token-store.ts'

/** A place for secrets that the operating system guards. Every call may fail: there may be none. */
export interface Keychain {
  readonly get: () => Promise<string | undefined>
  readonly set: (value: string) => Promise<void>
  readonly delete: () => Promise<void>
}

/** How to make {@link keychainTokenStore}. */
export interface KeychainTokenStoreOptions {
  /** Name of the program. Default `holdfast`. */
  readonly service?: string
  /** What the entry is for, such as the name of a profile. */
  readonly account: string
  /** Where tokens go, in mode 0600, when there is no keychain or it refuses; its lock is here too. */
  readonly file: string
  /** Called once when the file is used instead, with the reason. */
  readonly onFallback?: (reason: string) => void
  /** Default: the system's, through the optional package `@napi-rs/keyring`. */
  readonly keychain?: Keychain
}

/**
 * A store in the operating system's keychain; in a file of mode 0600 where there is none (servers,
 * containers) or where it refuses the value (Windows takes 2560 bytes).
 */
export function keychainTokenStore<T = Session>(options: KeychainTokenStoreOptions): TokenStore<T> {
  const { service = 'holdfast', account, file } = options
  const keychain = options.keychain ?? systemKeychain(service, account)
  const inFile = fileTokenStore<T>(file)
  let hasTold = false
  const fallBack = async (value: T, error: unknown): Promise<void> => {
    await inFile.save(value)
    // The file is read first, so an entry that cannot be deleted is stale and of no effect.
    await keychain.delete().catch(() => undefined)
    if (!hasTold) options.onFallback?.(error instanceof Error ? error.message : 'it refused')
    hasTold = true
  }
  return {
    exclusive: inFile.exclusive,
    async load() {
      const written = await inFile.load()
      if (written !== undefined) return written
      const text = await keychain.get().catch(() => undefined)
      return text === undefined ? undefined : (JSON.parse(text) as T)
    },
    async save(value) {
      if (value === undefined) {
        await inFile.save(undefined)
        return keychain.delete().catch(() => undefined)
      }
      try {
        await keychain.set(JSON.stringify(value))
      } catch (error) {
        return fallBack(value, error)
      }
      return inFile.save(undefined)
    },
  }
}

function systemKeychain(service: string, account: string): Keychain {
  const open = async () => {
    const { AsyncEntry } = await import('@napi-rs/keyring')
    return new AsyncEntry(service, account)
  }
  return {
    get: async () => (await (await open()).getPassword()) ?? undefined,
    set: async (value) => (await open()).setPassword(value),
    delete: async () => {
      await (await open()).deletePassword()
    },
  }
}
