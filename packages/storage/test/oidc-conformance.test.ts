import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  adapterConformance,
  type ConformanceStore,
  type OidcAdapter,
  type OidcPayload,
  type OpenConformanceStore,
} from '../src/conformance.ts'
import { openStorage } from '../src/index.ts'
import { bytesOnDisk, encryptionKey, temporaryFolder } from './helpers/temporary.ts'

const openSqlite: OpenConformanceStore = async (options) => {
  const file = join(temporaryFolder(), 'holdfast.db')
  const storage = openStorage({ file, encryptionKey, sweepIntervalMs: 0, ...options })
  return {
    adapter: (model) => storage.oidcAdapter(model),
    storedBytes: async () => bytesOnDisk(file),
    close: () => storage.close(),
  }
}

describe('the SQLite adapter', () => {
  test.for(adapterConformance.map((rule) => [rule.name, rule] as const))('%s', ([, rule]) =>
    rule.run(openSqlite),
  )
})

/** How a store behind a network is commonly written: look, then write, a millisecond away. */
function naiveStore(): ConformanceStore {
  const rows = new Map<string, OidcPayload>()
  const adapter = (model: string): OidcAdapter => {
    const find = async (id: string): Promise<OidcPayload | undefined> => {
      await sleep(1)
      return rows.get(`${model}:${id}`)
    }
    const write = async (id: string, payload: OidcPayload): Promise<undefined> => {
      await sleep(1)
      rows.set(`${model}:${id}`, payload)
      return undefined
    }
    return {
      find,
      upsert: write,
      consume: async (id) => await write(id, { ...(await find(id)), consumed: 1 }),
      findByUid: find,
      findByUserCode: find,
      destroy: async () => undefined,
      revokeByGrantId: async () => undefined,
    }
  }
  return { adapter, close: async () => undefined }
}

describe('the races of the suite are real: a find-then-write adapter fails', () => {
  test.for(
    adapterConformance
      .filter(({ name }) => name.includes('exactly one of 50'))
      .map((rule) => [rule.name, rule] as const),
  )('%s', async ([, rule]) => {
    await expect(rule.run(async () => naiveStore())).rejects.toThrow(/got 50, want 1/)
  })
})
