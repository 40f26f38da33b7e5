import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encodeAuditRecord, genesisHash, verifyAuditChain } from '../src/audit.ts'
import type { AuditRecord } from '../src/audit.ts'

const text = (record: Omit<AuditRecord, 'hash'>): string =>
  new TextDecoder().decode(encodeAuditRecord(record))

const first = {
  seq: 1,
  time: '2026-11-23T01:44:06.017Z',
  prev_hash: genesisHash,
  type: 'dispatch',
  outcome: 'success',
  actor: 'usr_01',
  connection: 'ddls:conn:01J-github',
  detail: { status: 200, method: 'GET', note: 'é"\u2028', cached: false },
} as const

describe('the bytes of a record', () => {
  test('are the published ones: a stored chain must verify for ever', () => {
    expect(text(first)).toBe(
      `["holdfast-audit-v1",1,"2026-11-23T01:44:06.017Z","${genesisHash}","dispatch","success",` +
        '"usr_01",null,null,null,"ddls:conn:01J-github",null,null,' +
        '{"cached":false,"method":"GET","note":"é\\"\u2028","status":200}]',
    )
    expect(createHash('sha256').update(encodeAuditRecord(first)).digest('hex')).toBe(
      '2678c7f139c4d62ec2187042b2353b669c294e3125db45a8dfa193c8fc816fef',
    )
  })

  test('do not depend on the order in which the fields were written', () => {
    const { detail, ...rest } = first
    const shuffled = Object.fromEntries(Object.entries(detail).toReversed())
    expect(text({ detail: shuffled, ...rest })).toBe(text(first))
  })

  test('differ when a value moves to another field', () => {
    const { actor, ...rest } = first
    expect(text({ ...rest, subject: actor })).not.toBe(text(first))
  })

  test('cover a fact of any name, also one that objects inherit', () => {
    const detail = JSON.parse('{"__proto__":"x"}') as Record<string, string>
    expect(text({ ...first, detail })).toContain('{"__proto__":"x"}')
  })
})

test('a chain verifies with WebCrypto alone, as in a browser', async () => {
  const hash = createHash('sha256').update(encodeAuditRecord(first)).digest('hex')
  const result = await verifyAuditChain([{ ...first, hash }], {
    signedHeads: [],
    verifySignature: () => false,
  })
  expect(result).toEqual({ ok: true, head: { seq: 1, hash }, records: 1 })
})
