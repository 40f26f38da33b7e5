/** P8: what was written down cannot be changed, deleted, reordered or cut off unnoticed. */
import { generateKeyPairSync, hash, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { auditHeadSignedBytes } from '@holdfast/protocol'
import { type AuditRecord, encodeAuditRecord } from '@holdfast/protocol/audit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, type Answer, outcomeOf, signInAgent } from './helpers/agent.ts'
import { type Intruder, intrude, type Row } from './helpers/database.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'
import { hasProc, workerOf } from './helpers/processes.ts'

const checkFailed = 9

let job: MainJob
let database: Intruder
let direct: Agent

beforeAll(async () => {
  job = await doMainJob()
  database = intrude((await job.stack.report()).paths.database)
  direct = await signInAgent({
    issuer: job.stack.issuer,
    clientId: 'holdfast-cli',
    redirectUri: 'http://127.0.0.1/callback',
    resource: `${job.stack.issuer}/dispatch`,
    scope: 'dispatch',
    authorize: job.ada.authorize,
  })
}, 120_000)

afterAll(async () => {
  database?.[Symbol.dispose]()
  await job.close()
})

const count = (sql: string): number => Number(database.all(sql)[0]?.['n'] ?? 0)
const lastSeq = (): number => count('select max(seq) as n from audit')

/** Resolves once the enclave has signed the newest record. */
const signed = (): Promise<void> =>
  expect
    .poll(() => count('select max(seq) as n from audit_heads') === lastSeq(), { timeout: 60_000 })
    .toBe(true)

async function verify(...args: string[]): Promise<{ code: number; verdict: unknown }> {
  const { code, stdout } = await job.ada.attempt(['audit', 'verify', ...args])
  return { code, verdict: JSON.parse(stdout) }
}

/** What `audit verify` says of the server's log, and of an export of it. */
async function verifyBoth(): Promise<unknown[]> {
  const online = await verify()
  const { stdout } = await job.ada.attempt(['audit', 'export'])
  const file = join(job.stack.folder, 'audit.jsonl')
  await writeFile(file, stdout)
  return [online, await verify('--file', file)]
}

let tampering: Promise<unknown> = Promise.resolve()

/** One after the other, also when a test was given up while it tampered: each puts back what it found. */
function tamper(edit: () => void, look?: () => Promise<unknown[]>): Promise<unknown[]> {
  const verdicts = tampering.then(() => tamperOnce(edit, look))
  tampering = verdicts.catch(() => undefined)
  return verdicts
}

/** Runs `edit` on the tables with their triggers gone, verifies, and puts everything back. */
async function tamperOnce(
  edit: () => void,
  look: () => Promise<unknown[]> = verifyBoth,
): Promise<unknown[]> {
  await signed()
  const tables = ['audit', 'audit_heads'] as const
  const before = tables.map((table) => database.all(`select * from ${table}`))
  using _audit = database.withoutTriggers('audit')
  using _heads = database.withoutTriggers('audit_heads')
  try {
    edit()
    return await look()
  } finally {
    for (const [index, table] of tables.entries()) {
      database.run(`delete from ${table}`)
      for (const row of before[index] ?? []) insert(table, row)
    }
  }
}

function insert(table: string, row: Row): void {
  const columns = Object.keys(row)
  const places = columns.map(() => '?').join(', ')
  database.run(
    `insert into ${table} (${columns.join(', ')}) values (${places})`,
    ...Object.values(row),
  )
}

const bad = (verdict: object) => {
  const found = { code: checkFailed, verdict: expect.objectContaining({ ok: false, ...verdict }) }
  return [found, found]
}

test('an untouched log verifies, online and from an export', { timeout: 120_000 }, async () => {
  await signed()
  const good = { code: 0, verdict: expect.objectContaining({ ok: true, records: lastSeq() }) }
  expect(await verifyBoth()).toEqual([good, good])
})

test('the database itself refuses to change, delete or replace a record', () => {
  for (const sql of [
    "update audit set actor = 'somebody' where seq = 3",
    'delete from audit where seq = 3',
    'insert or replace into audit select * from audit where seq = 3',
    'delete from audit_heads',
    "update audit_heads set hash = ''",
  ]) {
    expect(() => database.run(sql), sql).toThrow('append-only')
  }
})

describe('with the triggers gone', { timeout: 120_000 }, () => {
  test.each([
    ['who did it', 'actor', 'usr_somebody_else'],
    ['what was done', 'type', 'nothing'],
    ['how it ended', 'outcome', 'denied'],
    ['when', 'time_ms', 1],
    ['on which connection', 'connection', 'ddls:conn:01M8336BTRZZHS931ZYN4VXG61-other'],
    ['its details', 'detail', '{}'],
  ])('a record with another %s is named', async (_what, column, value) => {
    const dispatched = count("select max(seq) as n from audit where type = 'dispatch'")
    const verdicts = await tamper(
      () => database.run(`update audit set ${column} = ? where seq = ?`, value, dispatched),
      async () => [await verify()],
    )
    expect(verdicts).toEqual(bad({ problem: 'changed', seq: dispatched }).slice(0, 1))
  })

  test('a deleted record is named, also when the later ones are renumbered', async () => {
    const gap = await tamper(() => database.run('delete from audit where seq = 7'))
    expect(gap).toEqual(bad({ problem: 'deleted', seq: 7 }))
    const closed = await tamper(() => {
      database.run('delete from audit where seq = 7')
      database.run('update audit set seq = -(seq - 1) where seq > 7')
      database.run('update audit set seq = -seq where seq < 0')
    })
    expect(closed).toEqual(bad({ problem: 'deleted', seq: 7 }))
  })

  test('two records that changed places are found at the first of them', async () => {
    const verdicts = await tamper(() => {
      database.run('update audit set seq = -5 where seq = 5')
      database.run('update audit set seq = 5 where seq = 6')
      database.run('update audit set seq = 6 where seq = -5')
    })
    expect(verdicts).toEqual(bad({ problem: 'reordered', seq: 5 }))
  })

  test('a log that was cut off is found by its stored heads', async () => {
    await signed()
    const cut = lastSeq() - 1
    const verdicts = await tamper(() => database.run('delete from audit where seq >= ?', cut))
    expect(verdicts).toEqual(bad({ problem: 'truncated', seq: cut }))
  })

  test('with the heads cut off too, the head that the enclave remembers finds it', async () => {
    await signed()
    const cut = lastSeq() - 1
    const verdicts = await tamper(() => {
      database.run('delete from audit where seq >= ?', cut)
      database.run('delete from audit_heads where seq >= ?', cut)
    })
    expect(verdicts).toEqual(bad({ problem: 'truncated', seq: cut }))
    const none = await tamper(() => {
      database.run('delete from audit where seq >= ?', cut)
      database.run('delete from audit_heads')
    })
    expect(none).toEqual(bad({ problem: 'truncated', seq: cut }))
  })

  test('a whole chain computed anew contradicts the enclave, with forged heads or none', async () => {
    const { stdout } = await job.ada.attempt(['audit', 'export'])
    const records = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as AuditRecord)
    const from = 4
    const last = (): AuditRecord => rewrite(records, from)
    const verdict = bad({ problem: 'changed', until: expect.any(Number) as number })
    const rewritten = await tamper(() => {
      last()
      database.run('delete from audit_heads')
    })
    expect(rewritten).toEqual(verdict)
    const forged = await tamper(() => {
      const { seq, hash: head } = last()
      database.run('delete from audit_heads')
      insert('audit_heads', forgeHead(seq, head))
    })
    expect(forged).toEqual(verdict)
  })

  test('a head with a forged signature of the right key is named', async () => {
    const verdicts = await tamper(() => {
      const [head] = database.all('select * from audit_heads order by seq desc limit 1')
      const { signature } = forgeHead(Number(head?.['seq']), String(head?.['hash']))
      database.run('delete from audit_heads')
      insert('audit_heads', { ...head, signature: signature ?? null })
    })
    expect(verdicts).toEqual(bad({ problem: 'forged-head' }))
  })

  test('all of it put back: it verifies again', async () => {
    expect((await verify()).code).toBe(0)
  })
})

describe.skipIf(!hasProc)(
  'a server that is killed right after it answered',
  { timeout: 120_000 },
  () => {
    test('has on disk every call whose answer went out', async () => {
      const worker = await workerOf(job.stack, 'authorization-server')
      const answered: Answer[] = []
      const calls = Array.from({ length: 12 }, () =>
        direct.dispatch(job.handle, { method: 'GET', path: '/user' }).then(
          (answer) => {
            if (answered.push(answer) === 1) process.kill(worker, 'SIGKILL')
          },
          () => undefined,
        ),
      )
      await Promise.all(calls)
      expect(answered.length).toBeGreaterThan(0)
      for (const answer of answered) {
        expect(outcomeOf(answer)).toBe('ok')
        const found = database.all(
          "select outcome from audit where type = 'dispatch' and request_id = ?",
          String(answer.headers['x-request-id']),
        )
        expect(found).toEqual([{ outcome: 'success' }])
      }
    })

    test('and its log verifies when it is back', async () => {
      await expect.poll(async () => (await verify()).code, { timeout: 60_000 }).toBe(0)
    })
  },
)

/** Changes record `from` and computes it and all later ones anew; returns the new last one. */
function rewrite(records: readonly AuditRecord[], from: number): AuditRecord {
  let previous = records[from - 2]!
  for (const record of records.slice(from - 1)) {
    const changed = {
      ...record,
      ...(record.seq === from && { actor: 'usr_somebody_else' }),
      prev_hash: previous.hash,
    }
    const digest = hash('sha256', encodeAuditRecord(changed), 'hex')
    previous = { ...changed, hash: digest }
    database.run(
      'update audit set actor = ?, prev_hash = ?, hash = ? where seq = ?',
      changed.actor ?? null,
      Buffer.from(changed.prev_hash, 'hex'),
      Buffer.from(digest, 'hex'),
      record.seq,
    )
  }
  return previous
}

/** A head signed by a key of the attacker's own. */
function forgeHead(seq: number, head: string): Row {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const claims = { seq, hash: head, time: new Date().toISOString() }
  const signature = sign(null, auditHeadSignedBytes(claims), privateKey).toString('base64url')
  return { ...claims, key_id: String(publicKey.export({ format: 'jwk' }).x), signature }
}
