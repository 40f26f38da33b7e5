import type { JsonValue } from './json.ts'

/** Small values that the authorization server keeps between starts. */
export interface Settings {
  get(name: string): Promise<JsonValue | undefined>
  set(name: string, value: JsonValue): Promise<void>
  /** An encrypted value, e.g. cookie keys. */
  getSecret(name: string): Promise<Uint8Array | undefined>
  setSecret(name: string, value: Uint8Array): Promise<void>
  /** The stored secret, or `fresh` stored as such: all processes end up with the same one. */
  secretOrElse(name: string, fresh: Uint8Array): Promise<Uint8Array>
  delete(name: string): Promise<void>
}
