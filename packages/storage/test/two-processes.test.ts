import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStorage } from '../src/index.ts'
import { encryptionKey, temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

const racer = join(import.meta.dirname, 'helpers/racer.ts')

/** Lets two processes with 50 attempts each race for one record, and answers how many attempts won. */
async function race(file: string, model: string, id: string): Promise<number> {
  const children = [1, 2].map(() =>
    fork(racer, [file, model, id], {
      execArgv: ['--conditions=@holdfast/source', '--no-warnings'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  const results = children.map((child) => once(child, 'message') as Promise<[number]>)
  const exits = children.map((child) => once(child, 'exit'))
  for (const child of children) child.send('go')
  const won = (await Promise.all(results)).reduce((sum, [count]) => sum + count, 0)
  await Promise.all(exits)
  return won
}

test('of 100 attempts in two processes exactly one redeems a code, rotates a token, uses a proof', async () => {
  const file = join(temporaryFolder(), 'holdfast.db')
  const storage = openStorage({ file, encryptionKey, sweepIntervalMs: 0 })
  for (let round = 0; round < 3; round++) {
    await storage.oidcAdapter('AuthorizationCode').upsert(`code-${round}`, { jti: 'c' }, 600)
    await storage.oidcAdapter('RefreshToken').upsert(`refresh-${round}`, { jti: 'r' }, 600)
  }
  await storage.close()
  for (let round = 0; round < 3; round++) {
    expect(await race(file, 'AuthorizationCode', `code-${round}`)).toBe(1)
    expect(await race(file, 'RefreshToken', `refresh-${round}`)).toBe(1)
    expect(await race(file, 'ReplayDetection', `proof-${round}`)).toBe(1)
  }
})

test('two stores on one file share one gapless audit chain', async () => {
  const { storage: first, file } = temporaryStorage()
  const { storage: second } = temporaryStorage({ file })
  const entry = { type: 'test', outcome: 'success' } as const
  await Promise.all(
    [first, second, first, second].flatMap((store) =>
      Array.from({ length: 25 }, () => store.audit.append(entry)),
    ),
  )
  const records = await first.audit.read({ limit: 1000 })
  expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(records.slice(1).map(({ prev_hash }) => prev_hash)).toEqual(
    records.slice(0, -1).map(({ hash }) => hash),
  )
})
