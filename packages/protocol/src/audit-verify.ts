import { encodeAuditRecord, genesisHash } from './audit-record.ts'
import type { AuditPoint, AuditRecord } from './audit-record.ts'
import type { SignedAuditHead } from './enclave.ts'

/** What was done to a log that does not verify. */
export type AuditProblem = 'changed' | 'deleted' | 'reordered' | 'truncated' | 'forged-head'

/** The verdict on a log. */
export type AuditVerification =
  | { readonly ok: true; readonly head: AuditPoint; readonly records: number }
  | {
      readonly ok: false
      readonly problem: AuditProblem
      /** The first record that is not what was written, or is missing; of a forged head, the seq it claims. */
      readonly seq: number
      /**
       * Present when a consistently rewritten chain contradicts a signed head: the first bad record then lies
       * in `seq..until`, and nothing can tell where.
       */
      readonly until?: number
      /** One sentence for people. */
      readonly message: string
    }

export interface AuditVerifyOptions {
  /** The stored heads, in any order. */
  readonly signedHeads: readonly SignedAuditHead[]
  /** The enclave's own latest head: proves truncation even when the stored heads were deleted too. */
  readonly latestHead?: SignedAuditHead | undefined
  /** Checks `signature` over `auditHeadSignedBytes(head)` with an identity key that the verifier trusts. */
  readonly verifySignature: (head: SignedAuditHead) => boolean | Promise<boolean>
  /** SHA-256; default WebCrypto. A synchronous one is several times faster on long logs. */
  readonly sha256?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
}

type Failure = Extract<AuditVerification, { ok: false }>

/**
 * Checks a whole log, read in stored order from record 1, against the heads that the enclave signed, and names
 * the first record that was changed, deleted, moved or cut off.
 *
 * Records after the newest head are checked as a chain only: cutting those off leaves no trace.
 */
export async function verifyAuditChain(
  records: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  options: AuditVerifyOptions,
): Promise<AuditVerification> {
  const heads = [...options.signedHeads]
  if (options.latestHead !== undefined) heads.push(options.latestHead)
  heads.sort((a, b) => a.seq - b.seq)
  for (const head of heads) {
    if (!(await options.verifySignature(head))) {
      return fail('forged-head', head.seq, 'a stored head carries no valid enclave signature')
    }
  }

  const hashOf = hasher(options.sha256 ?? webCryptoSha256)
  const iterator = iterate(records)
  let last: AuditPoint = { seq: 0, hash: genesisHash }
  let vouchedSeq = 0
  let nextHead = 0
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
    const record = step.value
    if (!(await follows(record, last, hashOf)))
      return await diagnose(record, iterator, last, hashOf)
    last = { seq: record.seq, hash: record.hash }
    for (; heads[nextHead] !== undefined && heads[nextHead]!.seq <= last.seq; nextHead++) {
      const head = heads[nextHead]!
      if (head.seq === last.seq && head.hash !== last.hash) return rewritten(vouchedSeq, head.seq)
      vouchedSeq = head.seq
    }
  }
  const newest = heads.at(-1)
  if (newest !== undefined && newest.seq > last.seq) {
    return fail('truncated', last.seq + 1, `the enclave signed record ${newest.seq}`)
  }
  return { ok: true, head: last, records: last.seq }
}

type HashOf = (record: AuditRecord) => Promise<string>

async function follows(record: AuditRecord, last: AuditPoint, hashOf: HashOf): Promise<boolean> {
  return (
    record.seq === last.seq + 1 &&
    record.prev_hash === last.hash &&
    record.hash === (await hashOf(record))
  )
}

/** Tells what was done where `record` stands although another record should follow `last`. */
async function diagnose(
  record: AuditRecord,
  rest: AsyncIterator<AuditRecord>,
  last: AuditPoint,
  hashOf: HashOf,
): Promise<Failure> {
  const expected = last.seq + 1
  if (record.seq < expected) {
    return fail('reordered', record.seq, 'a record stands a second time or behind its place')
  }
  // The record that was written here names the last good hash as its predecessor, wherever it stands now.
  for (let step = await rest.next(); !step.done; step = await rest.next()) {
    if (step.value.prev_hash === last.hash || step.value.seq === expected) {
      return fail('reordered', expected, 'the record that belongs here stands further on')
    }
  }
  if (record.prev_hash !== last.hash && (await isLaterRecord(record, expected, hashOf))) {
    return fail('deleted', expected, `record ${expected} is missing`)
  }
  return fail('changed', expected, 'the record does not match its hash or its predecessor')
}

/** How many deleted records in a row are still told from a changed one when the rest was renumbered. */
const renumberSearch = 1000

/** True for an intact record of a later place, also when its seq was lowered to hide a gap. */
async function isLaterRecord(
  record: AuditRecord,
  expected: number,
  hashOf: HashOf,
): Promise<boolean> {
  if (record.seq > expected) return true
  for (let seq = expected + 1; seq <= expected + renumberSearch; seq++) {
    if ((await hashOf({ ...record, seq })) === record.hash) return true
  }
  return false
}

function rewritten(vouchedSeq: number, until: number): Failure {
  return {
    ...fail(
      'changed',
      vouchedSeq + 1,
      `the chain was rewritten: record ${until} is not the signed one`,
    ),
    until,
  }
}

function fail(problem: AuditProblem, seq: number, message: string): Failure {
  return { ok: false, problem, seq, message }
}

async function* iterate(
  records: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
): AsyncGenerator<AuditRecord> {
  yield* records
}

function hasher(sha256: NonNullable<AuditVerifyOptions['sha256']>): HashOf {
  return async (record) => hex(await sha256(encodeAuditRecord(record)))
}

async function webCryptoSha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
