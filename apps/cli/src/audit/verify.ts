import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Client } from '@holdfast/client'
import { auditHeadSignedBytes, verifyIdentitySignature } from '@holdfast/protocol'
import {
  type AuditRecord,
  type AuditVerification,
  type SignedAuditHead,
  verifyAuditChain,
} from '@holdfast/protocol/audit'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { type ExportHead, exportFormat } from './export.ts'

export type Verdict =
  | (Extract<AuditVerification, { ok: true }> & {
      /** Stored heads that were left out because nobody vouches for their key. */
      readonly unknownHeads: number
    })
  | Extract<AuditVerification, { ok: false }>

/** Verifies the log as the server tells it, with the head that the enclave itself remembers. */
export async function verifyOnline(client: Client, trusted: readonly string[]): Promise<Verdict> {
  const { enclave } = await client.audit.head()
  return verify(client.audit.records(), await client.audit.heads(), enclave, trusted)
}

/** Verifies an export. @throws CliError when the file is none */
export async function verifyExport(file: string, trusted: readonly string[]): Promise<Verdict> {
  const lines = readLines(file)
  const first = await lines.next()
  const head = parse(first.done ? '' : first.value, file) as ExportHead
  if (head.format !== exportFormat) throw noExport(file)
  return verify(recordsOf(lines, file), head.heads, head.latest, trusted)
}

/**
 * A head by an unknown key is left out rather than believed: whoever can write the database can sign
 * with a key of their own. What remains must hold at least one head, or nothing vouches for the log.
 */
async function verify(
  records: AsyncIterable<AuditRecord>,
  heads: readonly SignedAuditHead[],
  latest: SignedAuditHead | null,
  trusted: readonly string[],
): Promise<Verdict> {
  const known = heads.filter(({ key_id }) => trusted.includes(key_id))
  const latestHead = latest !== null && trusted.includes(latest.key_id) ? latest : undefined
  if (known.length === 0 && latestHead === undefined) {
    const message = 'no head is signed by a trusted identity, so nothing vouches for this log'
    return {
      ok: false,
      problem: 'forged-head',
      seq: latest?.seq ?? heads.at(-1)?.seq ?? 0,
      message,
    }
  }
  const result = await verifyAuditChain(records, {
    signedHeads: known,
    latestHead,
    verifySignature: (head) =>
      verifyIdentitySignature(head.key_id, auditHeadSignedBytes(head), head.signature),
    sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  })
  return result.ok ? { ...result, unknownHeads: heads.length - known.length } : result
}

async function* readLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8')
  try {
    for await (const line of createInterface({ input })) if (line !== '') yield line
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`${file} cannot be read (${code})`, {
      exitCode: exitCodes.usage,
      fix: 'check the path; `holdfast audit export` makes such a file',
    })
  }
}

async function* recordsOf(lines: AsyncIterable<string>, file: string): AsyncGenerator<AuditRecord> {
  for await (const line of lines) yield parse(line, file) as AuditRecord
}

function parse(line: string, file: string): object {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw noExport(file)
}

const noExport = (file: string): CliError =>
  usage(`${file} is not an export of the audit log`, 'make one with `holdfast audit export`')
