import type { Adapter, AdapterPayload } from 'oidc-provider'

/** The library's rows in memory, all of them; its own memory adapter forgets the oldest. */
export class MapAdapter implements Adapter {
  static readonly #rows = new Map<string, AdapterPayload>()
  static readonly #grants = new Map<string, string[]>()
  static readonly #uids = new Map<string, string>()
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  #key(id: string): string {
    return `${this.#name}:${id}`
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    MapAdapter.#rows.set(this.#key(id), payload)
    if (payload.uid !== undefined) MapAdapter.#uids.set(this.#key(payload.uid), id)
    if (payload.grantId !== undefined) {
      const ids = MapAdapter.#grants.get(payload.grantId)
      if (ids) ids.push(this.#key(id))
      else MapAdapter.#grants.set(payload.grantId, [this.#key(id)])
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return MapAdapter.#rows.get(this.#key(id))
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.find(MapAdapter.#uids.get(this.#key(uid)) ?? '')
  }

  async findByUserCode(): Promise<undefined> {
    return undefined
  }

  async consume(id: string): Promise<void> {
    const row = MapAdapter.#rows.get(this.#key(id))
    if (row) row.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    MapAdapter.#rows.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of MapAdapter.#grants.get(grantId) ?? []) MapAdapter.#rows.delete(key)
  }
}
