/** P3: who may write to the database can break a connection, but not make it serve somebody else. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, outcomeOf, signInAgent } from './helpers/agent.ts'
import { type Intruder, intrude, type Row } from './helpers/database.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'

const getUser = { method: 'GET', path: '/user' }
const malloryKey = 'a-key-of-mallory'

let job: MainJob
let database: Intruder
/** Ada, at dispatch with her own token. */
let ada: Agent
let mallory: Agent
let malloryHandle: string

const signIn = (person: MainJob['ada']): Promise<Agent> =>
  signInAgent({
    issuer: job.stack.issuer,
    clientId: 'holdfast-cli',
    redirectUri: 'http://127.0.0.1/callback',
    resource: `${job.stack.issuer}/dispatch`,
    scope: 'dispatch',
    authorize: person.authorize,
  })

beforeAll(async () => {
  job = await doMainJob()
  database = intrude((await job.stack.report()).paths.database)
  const added = await job.mallory.run<{ handle: string }>(
    [
      ...['connections', 'add', 'demo-api', '--base-url', job.upstream.url, '--secret-stdin'],
      ...['--methods', 'GET', '--paths', '/**', '--resources', 'direct'],
    ],
    `${malloryKey}\n`,
  )
  malloryHandle = added.handle
  ada = await signIn(job.ada)
  mallory = await signIn(job.mallory)
}, 120_000)

afterAll(async () => {
  database?.[Symbol.dispose]()
  await job.close()
})

const rowOf = (handle: string): Row =>
  database.all('select * from connections where handle = ?', handle)[0] ?? {}

/** What the tool and the direct call say, and how often an upstream was reached, meanwhile. */
async function use(): Promise<{ direct: string; tool: string; reached: number }> {
  const before = job.upstream.seen.length + job.evil.seen.length
  const direct = outcomeOf(await ada.dispatch(job.handle, getUser))
  const { text, isError } = await job.session.callTool('whoami')
  return {
    direct,
    tool: isError ? (/\[(\w+)\]/.exec(text)?.[1] ?? text) : 'ok',
    reached: job.upstream.seen.length + job.evil.seen.length - before,
  }
}

const untouched = { direct: 'ok', tool: 'ok', reached: 2 }
const unopenable = { direct: 'DECRYPTION_FAILED', tool: 'DECRYPTION_FAILED', reached: 0 }

test('untouched, the connection works for the tool and for a direct call', async () => {
  expect(await use()).toEqual(untouched)
})

describe('one column of the row changed', () => {
  const policy = (change: object) => (row: Row) => ({
    policy: JSON.stringify({ ...(JSON.parse(String(row['policy'])) as object), ...change }),
  })
  const bytes = (row: Row): Buffer => Buffer.from(row['record'] as Uint8Array)
  const flipped = (at: number) => (row: Row) => {
    const record = bytes(row)
    record[at < 0 ? record.length + at : at]! ^= 1
    return { record }
  }
  const edits: readonly (readonly [what: string, edit: (row: Row) => Row])[] = [
    ['another provider', () => ({ provider: 'github' })],
    ['another allowed host', () => ({ allowed_hosts: JSON.stringify([hostOf(job.evil.url)]) })],
    [
      'one more allowed host',
      (row) => ({
        allowed_hosts: JSON.stringify([
          ...(JSON.parse(String(row['allowed_hosts'])) as string[]),
          hostOf(job.evil.url),
        ]),
      }),
    ],
    ['a policy that allows every method', policy({ methods: ['GET', 'POST', 'DELETE'] })],
    ['a policy that allows every path', policy({ paths: ['/**'] })],
    [
      'a policy that allows another resource',
      (row) => {
        const { resources } = JSON.parse(String(row['policy'])) as { resources: string[] }
        return policy({ resources: [...resources, 'https://evil.example/mcp'] })(row)
      },
    ],
    ['the next version', (row) => ({ record_version: Number(row['record_version']) + 1 })],
    ['version zero', () => ({ record_version: 0 })],
    ['a record with its format byte flipped', flipped(0)],
    ['a record with its storage key version flipped', flipped(4)],
    ['a record with its nonce flipped', flipped(6)],
    ['a record with a ciphertext bit flipped', flipped(40)],
    ['a record with a tag bit flipped', flipped(-1)],
    ['a record cut short', (row) => ({ record: bytes(row).subarray(0, -1) })],
    ['a record of nothing but zeros', (row) => ({ record: Buffer.alloc(bytes(row).length) })],
  ]

  test.each(edits)('%s: it does not open, and no API hears of it', async (_what, edit) => {
    using _edited = database.editConnection(job.handle, edit(rowOf(job.handle)))
    expect(await use()).toEqual(unopenable)
  })

  test('another base URL: the sealed one counts', async () => {
    const evilBefore = job.evil.seen.length
    using _edited = database.editConnection(job.handle, { base_url: job.evil.url })
    expect(await use()).toEqual(untouched)
    expect(job.evil.seen.length).toBe(evilBefore)
  })

  test('all of it put back: it works again', async () => {
    expect(await use()).toEqual(untouched)
  })
})

describe('moved to somebody else', () => {
  const connection = (): Row => rowOf(job.handle)

  test("Ada's row with Mallory as its owner does not open for Mallory, nor for Ada", async () => {
    const seen = job.upstream.seen.length
    // Mallory's token must name the handle, so she signs in while the row is hers.
    using _edited = database.editConnection(job.handle, {
      owner: rowOf(malloryHandle)['owner'] ?? null,
    })
    const thief = await signIn(job.mallory)
    expect(outcomeOf(await thief.dispatch(job.handle, getUser))).toBe('DECRYPTION_FAILED')
    expect(outcomeOf(await ada.dispatch(job.handle, getUser))).toBe('ORG_MISMATCH')
    expect(job.upstream.seen.length).toBe(seen)
  })

  test("Ada's record under Mallory's handle does not open, whatever else is copied with it", async () => {
    const seen = job.upstream.seen.length
    const everything = { ...connection() }
    delete everything['handle']
    const copies: readonly Row[] = [
      { record: connection()['record'] ?? null },
      {
        record: connection()['record'] ?? null,
        record_version: connection()['record_version'] ?? null,
        policy: connection()['policy'] ?? null,
        provider: connection()['provider'] ?? null,
        allowed_hosts: connection()['allowed_hosts'] ?? null,
      },
      { ...everything, owner: rowOf(malloryHandle)['owner'] ?? null },
    ]
    for (const copy of copies) {
      using _edited = database.editConnection(malloryHandle, copy)
      expect(outcomeOf(await mallory.dispatch(malloryHandle, getUser))).toBe('DECRYPTION_FAILED')
    }
    expect(job.upstream.seen.length).toBe(seen)
  })

  test('two records that change places: neither opens', async () => {
    const [first, second] = [connection()['record'], rowOf(malloryHandle)['record']]
    using _one = database.editConnection(job.handle, { record: second ?? null })
    using _other = database.editConnection(malloryHandle, { record: first ?? null })
    expect(await use()).toEqual(unopenable)
    expect(outcomeOf(await mallory.dispatch(malloryHandle, getUser))).toBe('DECRYPTION_FAILED')
  })

  test("the handle renamed to another one: nobody's token names it, and it would not open", async () => {
    const seen = job.upstream.seen.length
    const renamed = job.handle.replace(/demo-api$/, 'renamed')
    database.run('update connections set handle = ? where handle = ?', renamed, job.handle)
    try {
      expect(outcomeOf(await ada.dispatch(job.handle, getUser))).toBe('CONNECTION_NOT_FOUND')
      expect(outcomeOf(await ada.dispatch(renamed, getUser))).toBe('CONNECTION_NOT_FOUND')
      const again = await signIn(job.ada)
      expect(outcomeOf(await again.dispatch(renamed, getUser))).toBe('DECRYPTION_FAILED')
      expect(job.upstream.seen.length).toBe(seen)
    } finally {
      database.run('update connections set handle = ? where handle = ?', job.handle, renamed)
    }
  })
})

describe('an older row brought back', () => {
  let older: Row
  beforeAll(async () => {
    older = rowOf(job.handle)
    await job.ada.run([
      ...['connections', 'allow', job.handle, '--methods', 'GET', '--paths', '/scalar'],
      ...['--resources', `${job.resource},direct`],
    ])
  })

  test('what the owner took away is gone', async () => {
    expect(rowOf(job.handle)['record_version']).toBeGreaterThan(Number(older['record_version']))
    expect(await use()).toEqual({ direct: 'BAD_REQUEST', tool: 'BAD_REQUEST', reached: 0 })
  })

  // Each with a path that the row's policy then allows, so that the enclave is asked.
  test.each([
    ['the older record alone', ['record'], '/scalar'],
    ['the older policy alone', ['policy'], '/user'],
    ['the older version alone', ['record_version'], '/scalar'],
    ['the older record and policy under the current version', ['record', 'policy'], '/user'],
    [
      'the older record and version under the current policy',
      ['record', 'record_version'],
      '/scalar',
    ],
  ])('%s does not open', async (_what, columns, path) => {
    const seen = job.upstream.seen.length
    const change = Object.fromEntries(columns.map((column) => [column, older[column] ?? null]))
    using _edited = database.editConnection(job.handle, change)
    const answer = await ada.dispatch(job.handle, { method: 'GET', path })
    expect(outcomeOf(answer)).toBe('DECRYPTION_FAILED')
    expect(job.upstream.seen.length).toBe(seen)
  })

  test('the whole older row does open, within its own hosts: a limit that the documentation states', async () => {
    const { record, policy, record_version } = older
    using _edited = database.editConnection(job.handle, {
      record: record ?? null,
      policy: policy ?? null,
      record_version: record_version ?? null,
    })
    expect(await use()).toEqual(untouched)
    const security = await readFile(join(resolve(import.meta.dirname, '..'), 'SECURITY.md'), 'utf8')
    expect(security.replaceAll(/\s+/g, ' ')).toContain(
      'who may write to the database and kept an older copy of a connection can bring it back',
    )
  })

  test('so does the whole row of a connection that was revoked since, and only that', async () => {
    const whole = rowOf(job.handle)
    await job.ada.run(['connections', 'revoke', job.handle])
    expect(rowOf(job.handle)['record']).toBeNull()
    const getScalar = { method: 'GET', path: '/scalar' }
    expect(outcomeOf(await ada.dispatch(job.handle, getScalar))).toBe('CONNECTION_REVOKED')
    using _edited = database.editConnection(job.handle, {
      status: 'active',
      record: whole['record'] ?? null,
      record_version: whole['record_version'] ?? null,
    })
    expect(outcomeOf(await ada.dispatch(job.handle, getScalar))).toBe('ok')
  })
})

function hostOf(url: string): string {
  return new URL(url).host
}
