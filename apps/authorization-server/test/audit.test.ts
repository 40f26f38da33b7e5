import { auditHeadSignedBytes, verifyIdentitySignature } from '@holdfast/protocol'
import { type AuditRecord, verifyAuditChain } from '@holdfast/protocol/audit'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHeadSigner } from '../src/audit/head-signer.ts'
import { auditEventTypes, recordEvent } from '../src/audit/recorder.ts'
import { startEnclaveDouble } from './helpers/enclave-double.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  apiToken,
  type Bound,
  callApi,
  makeUser,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

let enclave: RealEnclave
let app: VaultApp
let admin: Bound

beforeAll(async () => {
  enclave = await startRealEnclave({ upstreams: [], caPem: '' })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  const root = await makeUser(app, 'root', 'admin')
  admin = await apiToken(app, root.id, 'admin connections:write')
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
})

const reserve = () =>
  callApi(app, admin, 'POST', '/v1/connections', {
    provider: 'github',
    base_url: 'https://api.example.com',
  })

/** Waits until the enclave has signed everything so far, as the server does by itself. */
async function signedHead(): Promise<{ seq: number }> {
  for (;;) {
    const { json } = await callApi(app, admin, 'GET', '/v1/audit/head')
    if (json.stored?.seq === json.latest.seq && json.enclave?.seq === json.latest.seq) {
      return json.stored
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('the audit log', () => {
  test('records who did what to which connection, without what they sent', async () => {
    const { json, headers } = await reserve()
    const { audit } = app.context.storage
    const [record] = await audit.read({ after: (await audit.head()).seq - 1 })
    expect(record).toMatchObject({
      type: 'connection.reserved',
      outcome: 'success',
      connection: json.handle,
      actor: json.owner,
      request_id: headers.get('x-request-id'),
    })
    expect(JSON.stringify(record)).not.toContain(json.upload.nonce)
  })

  test('is read in pages and verifies as a whole, with heads that the enclave signed', async () => {
    for (let count = 0; count < 5; count += 1) await reserve()
    const stored = await signedHead()
    const records: AuditRecord[] = []
    let after: number | null = 0
    do {
      const page = await callApi(app, admin, 'GET', `/v1/audit?after=${after}&limit=3`)
      expect(page.status, page.text).toBe(200)
      records.push(...page.json.data)
      after = page.json.next_after as number | null
    } while (after !== null)
    const heads = await callApi(app, admin, 'GET', '/v1/audit/heads?limit=200')
    const published = await send(app, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
    const verdict = await verifyAuditChain(records, {
      signedHeads: heads.json.data,
      verifySignature: (head) =>
        head.key_id === published.json.identity &&
        verifyIdentitySignature(head.key_id, auditHeadSignedBytes(head), head.signature),
    })
    expect(verdict).toMatchObject({ ok: true, records: stored.seq })
    const changed = records.map((record) =>
      record.seq === 2 ? { ...record, actor: 'usr_somebody' } : record,
    )
    const caught = await verifyAuditChain(changed, {
      signedHeads: heads.json.data,
      verifySignature: () => true,
    })
    expect(caught).toMatchObject({ ok: false, problem: 'changed', seq: 2 })
  })

  test('takes every event of the closed list', async () => {
    for (const type of auditEventTypes) {
      const record = await recordEvent(app.context.storage.audit, { type, outcome: 'success' })
      expect(record.type).toBe(type)
    }
  })
})

describe('the head signer', () => {
  const logger = pino({ level: 'silent' })
  const clock = Date.now

  /** A log whose head moves and an enclave that counts. */
  function counted(intervalMs: number) {
    const state = { seq: 1, asked: [] as number[], saved: [] as number[], fails: false }
    const signer = startHeadSigner({
      audit: {
        head: async () => ({ seq: state.seq, hash: 'a'.repeat(64) }),
        saveSignedHead: async ({ seq }) => void state.saved.push(seq),
      },
      enclave: {
        signHead: async (head) => {
          state.asked.push(head.seq)
          if (state.fails) throw new Error('away')
          return { ...head, key_id: 'k', signature: 's' }
        },
      },
      logger,
      clock,
      intervalMs,
    })
    return { state, signer }
  }

  test('signs at the start, not again while nothing arrives, and at the end', async () => {
    const { state, signer } = counted(3_600_000)
    await signer.sign()
    await signer.sign()
    expect(state.saved).toEqual([1])
    state.seq = 7
    await signer.stop()
    expect(state.saved).toEqual([1, 7])
  })

  test('tries again after a failure, and never for a record that it signed', async () => {
    const { state, signer } = counted(3_600_000)
    await signer.sign()
    state.seq = 2
    state.fails = true
    await signer.sign()
    state.fails = false
    await signer.sign()
    await signer.stop()
    expect(state).toMatchObject({ asked: [1, 2, 2], saved: [1, 2] })
  })

  test('runs in the server: the last head is signed when it stops', async () => {
    await using double = await startEnclaveDouble()
    const signed: number[] = []
    double.answers.signHead = async (head) => {
      signed.push(head.seq)
      return { head: { ...head, key_id: 'k', signature: 's' } }
    }
    const other = await startVaultApp({ enclaveSocket: double.socket })
    await recordEvent(other.context.storage.audit, { type: 'user.invited', outcome: 'success' })
    const { seq } = await other.context.storage.audit.head()
    await other[Symbol.asyncDispose]()
    expect(signed.at(-1)).toBe(seq)
  })
})
