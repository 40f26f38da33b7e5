import { generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { encodeAuditRecord, verifyAuditChain } from '@holdfast/protocol/audit'
import type { AuditRecord, AuditVerification, SignedAuditHead } from '@holdfast/protocol/audit'
import { openStorage, type Storage } from '../src/index.ts'
import { encryptionKey, temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

const identity = generateKeyPairSync('ed25519')
const headBytes = ({ seq, hash, time }: Omit<SignedAuditHead, 'signature' | 'key_id'>): Buffer =>
  Buffer.from(JSON.stringify([seq, hash, time]))

/** What the enclave does with `signHead`. */
function signHead(seq: number, hash: string): SignedAuditHead {
  const head = { seq, hash, time: '2027-01-15T08:00:00.000Z' }
  return {
    ...head,
    key_id: 'identity-1',
    signature: sign(null, headBytes(head), identity.privateKey).toString('base64url'),
  }
}

const verifySignature = (head: SignedAuditHead): boolean =>
  verify(null, headBytes(head), identity.publicKey, Buffer.from(head.signature, 'base64url'))

/** Ten records on disk, heads signed at 4 and 8, closed. */
async function writtenLog(): Promise<string> {
  const file = join(temporaryFolder(), 'holdfast.db')
  const storage = openStorage({ file, encryptionKey, sweepIntervalMs: 0 })
  for (let i = 1; i <= 10; i++) {
    const { seq, hash } = await storage.audit.append({
      type: 'dispatch',
      outcome: i % 2 === 0 ? 'success' : 'denied',
      actor: `usr_${i}`,
      connection: 'ddls:conn:01J-github',
      detail: { method: 'GET', path: `/repos/${i}`, status: 200 + i, cached: false },
    })
    if (i === 4 || i === 8) await storage.audit.saveSignedHead(signHead(seq, hash))
  }
  await storage.close()
  return file
}

/** Edits the file as someone who owns the disk would: without the triggers. */
function tamper(file: string, ...statements: string[]): void {
  const db = new Sqlite(file)
  for (const table of ['audit', 'audit_heads']) {
    for (const verb of ['update', 'delete']) db.exec(`drop trigger ${table}_no_${verb}`)
  }
  db.exec('drop trigger audit_no_replace')
  for (const statement of statements) db.exec(statement)
  db.close()
}

async function verdict(
  file: string,
  options: { latestHead?: SignedAuditHead } = {},
): Promise<AuditVerification> {
  const { storage } = temporaryStorage({ file })
  const signedHeads = await storage.audit.signedHeads()
  const records = await storage.audit.read({ limit: 1000 })
  return await verifyAuditChain(records, { signedHeads, verifySignature, ...options })
}

/** Recomputes hashes from record `from` on, as an attacker without the enclave's key would. */
function rechain(file: string, from: number): void {
  const db = new Sqlite(file)
  const rows = db.prepare('select seq from audit where seq >= ? order by seq').all(from) as {
    seq: number
  }[]
  const storage = (): AuditRecord[] => readAll(file)
  for (const { seq } of rows) {
    const record = storage().find((candidate) => candidate.seq === seq)!
    const previous = storage().find((candidate) => candidate.seq === seq - 1)
    const prev_hash = previous?.hash ?? '0'.repeat(64)
    const digest = hash('sha256', encodeAuditRecord({ ...record, prev_hash }), 'buffer')
    db.prepare('update audit set prev_hash = ?, hash = ? where seq = ?').run(
      Buffer.from(prev_hash, 'hex'),
      digest,
      seq,
    )
  }
  db.close()
}

function readAll(file: string): AuditRecord[] {
  const db = new Sqlite(file, { readonly: true })
  const rows = db.prepare('select * from audit order by seq').all() as Record<string, never>[]
  db.close()
  return rows.map((row) => ({
    seq: row['seq']!,
    time: new Date(row['time_ms']!).toISOString(),
    type: row['type']!,
    outcome: row['outcome']!,
    actor: row['actor'] ?? undefined,
    connection: row['connection'] ?? undefined,
    detail: JSON.parse(row['detail']!) as never,
    prev_hash: Buffer.from(row['prev_hash']!).toString('hex'),
    hash: Buffer.from(row['hash']!).toString('hex'),
  }))
}

describe('an intact log', () => {
  test('verifies from an export that went through JSON', async () => {
    const file = await writtenLog()
    const { storage } = temporaryStorage({ file })
    const records = JSON.parse(
      JSON.stringify(await storage.audit.read({ limit: 1000 })),
    ) as AuditRecord[]
    const result = await verifyAuditChain(records, {
      signedHeads: await storage.audit.signedHeads(),
      verifySignature,
    })
    expect(result).toEqual({ ok: true, head: await storage.audit.head(), records: 10 })
  })

  test('is read in pages, and continues after a restart', async () => {
    const { storage, file } = temporaryStorage()
    const entry = { type: 'test', outcome: 'success' } as const
    const [first, second] = await Promise.all([
      storage.audit.append(entry),
      storage.audit.append(entry),
    ])
    expect([first.seq, second.seq]).toEqual([1, 2])
    expect(second.prev_hash).toBe(first.hash)
    await storage.close()
    const { storage: again } = temporaryStorage({ file })
    expect((await again.audit.append(entry)).prev_hash).toBe(second.hash)
    expect(await again.audit.read({ after: 1, limit: 1 })).toEqual([second])
  })

  test('gives its signed heads in pages, and the latest alone', async () => {
    const { storage } = temporaryStorage({ file: await writtenLog() })
    const [first, second] = await storage.audit.signedHeads()
    expect([first?.seq, second?.seq]).toEqual([4, 8])
    expect(await storage.audit.signedHeads({ after: 4, limit: 1 })).toEqual([second])
    expect(await storage.audit.latestSignedHead()).toEqual(second)
    await storage.audit.saveSignedHead(second!)
    expect(await storage.audit.signedHeads({ limit: 10 })).toHaveLength(2)
  })

  test('an empty log verifies with the genesis hash as its head', async () => {
    const { storage } = temporaryStorage()
    const result = await verifyAuditChain([], { signedHeads: [], verifySignature })
    expect(result).toEqual({ ok: true, head: await storage.audit.head(), records: 0 })
  })
})

describe('the first bad record is named when the log was', () => {
  test('changed', async () => {
    const file = await writtenLog()
    tamper(file, `update audit set outcome = 'success' where seq = 5`)
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'changed', seq: 5 })
  })

  test.for([
    `update audit set detail = json_set(detail, '$.path', '/x') where seq = 7`,
    `update audit set time_ms = time_ms + 1 where seq = 7`,
    `update audit set actor = null where seq = 7`,
    `update audit set actor = null, subject = actor where seq = 7`,
    `update audit set hash = randomblob(32) where seq = 7`,
    `update audit set prev_hash = randomblob(32) where seq = 7`,
  ])('changed by %s', async (statement) => {
    const file = await writtenLog()
    tamper(file, statement)
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'changed', seq: 7 })
  })

  test('changed, with every later hash recomputed: a signed head contradicts it', async () => {
    const file = await writtenLog()
    tamper(file, `update audit set actor = 'usr_other' where seq = 6`)
    rechain(file, 6)
    expect(await verdict(file)).toMatchObject({ problem: 'changed', seq: 5, until: 8 })
  })

  test.for([
    ['in the middle', [5], 5],
    ['several', [5, 6, 7], 5],
    ['the first', [1], 1],
  ] as const)('deleted: %s', async ([, seqs, first]) => {
    const file = await writtenLog()
    tamper(file, `delete from audit where seq in (${seqs.join()})`)
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'deleted', seq: first })
  })

  test('deleted, with the later records renumbered to close the gap', async () => {
    const file = await writtenLog()
    const shift = Array.from(
      { length: 5 },
      (_, i) => `update audit set seq = ${5 + i} where seq = ${6 + i}`,
    )
    tamper(file, 'delete from audit where seq = 5', ...shift)
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'deleted', seq: 5 })
  })

  test('reordered', async () => {
    const file = await writtenLog()
    tamper(
      file,
      'update audit set seq = 99 where seq = 3',
      'update audit set seq = 3 where seq = 6',
      'update audit set seq = 6 where seq = 99',
    )
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'reordered', seq: 3 })
  })

  test('reordered in an export', async () => {
    const file = await writtenLog()
    const { storage } = temporaryStorage({ file })
    const [one, two, three, ...rest] = await storage.audit.read()
    const result = await verifyAuditChain([one!, three!, two!, ...rest], {
      signedHeads: [],
      verifySignature,
    })
    expect(result).toMatchObject({ ok: false, problem: 'reordered', seq: 2 })
  })

  test('truncated: the stored signed heads prove it', async () => {
    const file = await writtenLog()
    tamper(file, 'delete from audit where seq > 6')
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'truncated', seq: 7 })
  })

  test('truncated together with the stored signed heads: the latest head of the enclave proves it', async () => {
    const file = await writtenLog()
    const latestHead = signHead(8, readAll(file)[7]!.hash)
    tamper(file, 'delete from audit where seq > 3', 'delete from audit_heads')
    expect(await verdict(file)).toMatchObject({ ok: true, records: 3 })
    expect(await verdict(file, { latestHead })).toMatchObject({ problem: 'truncated', seq: 4 })
  })

  test('truncated and continued with other records: the latest head proves it', async () => {
    const file = await writtenLog()
    const latestHead = signHead(8, readAll(file)[7]!.hash)
    tamper(file, 'delete from audit where seq > 6', 'delete from audit_heads')
    const storage = openStorage({ file, encryptionKey, sweepIntervalMs: 0 })
    for (let i = 0; i < 4; i++) await storage.audit.append({ type: 'forged', outcome: 'success' })
    await storage.close()
    expect(await verdict(file, { latestHead })).toMatchObject({ problem: 'changed', until: 8 })
  })

  test('given a head that the enclave did not sign', async () => {
    const file = await writtenLog()
    tamper(
      file,
      `update audit_heads set hash = replace(hash, substr(hash, 1, 4), 'beef') where seq = 4`,
    )
    expect(await verdict(file)).toMatchObject({ ok: false, problem: 'forged-head', seq: 4 })
  })
})

describe('ordinary code', () => {
  test.for([
    `update audit set actor = 'x' where seq = 1`,
    'delete from audit where seq = 1',
    'insert or replace into audit select * from audit where seq = 1',
    `insert into audit select 99, time_ms, type, outcome, actor, subject, client, resource, connection,
       grant_id, request_id, detail, prev_hash, hash from audit where seq = 1`,
    `update audit_heads set hash = 'x'`,
    'delete from audit_heads',
  ])('cannot run: %s', async (statement) => {
    const db = new Sqlite(await writtenLog())
    expect(() => db.exec(statement)).toThrow('audit is append-only')
    db.close()
  })
})

describe('an entry', () => {
  const append = (storage: Storage, detail: Record<string, unknown>): Promise<AuditRecord> =>
    storage.audit.append({ type: 'test', outcome: 'success', detail: detail as never })

  test('keeps only known fields, cuts long strings, and still verifies', async () => {
    const { storage } = temporaryStorage()
    const record = await storage.audit.append({
      type: 'test.entry',
      outcome: 'failed',
      actor: 'x'.repeat(2000),
      subject: 'half a pair: \ud83d',
      detail: { b: '\0\u2028"', a: -0, c: true },
      unknown: 'dropped',
    } as never)
    expect(record.actor).toHaveLength(512)
    expect(record).not.toHaveProperty('unknown')
    expect(Object.keys(record.detail!)).toEqual(['a', 'b', 'c'])
    const stored = await storage.audit.read()
    const options = { signedHeads: [], verifySignature }
    expect(await verifyAuditChain(stored, options)).toMatchObject({ ok: true })
    expect(await verifyAuditChain([record], options)).toMatchObject({ ok: true })
  })

  test.for([
    { 'Not a name': 1 },
    { a: 1.5 },
    { a: null },
    { a: { nested: 1 } },
    JSON.parse('{"__proto__":1}') as Record<string, unknown>,
  ])('is refused with the detail %j, and nothing is appended', async (detail) => {
    const { storage } = temporaryStorage()
    await expect(append(storage, detail)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    expect((await storage.audit.head()).seq).toBe(0)
  })

  test('that waits when the store closes is written first', async () => {
    const { storage, file } = temporaryStorage()
    const appended = append(storage, {})
    await storage.close()
    expect((await appended).seq).toBe(1)
    await expect(append(storage, {})).rejects.toMatchObject({ code: 'CLOSED' })
    const { storage: again } = temporaryStorage({ file })
    expect((await again.audit.head()).seq).toBe(1)
  })
})
