import { type AuditRecord, encodeAuditRecord, genesisHash } from '@holdfast/protocol/audit'
import { openStorage } from '@holdfast/storage'
import type { Stack } from '@holdfast/test/stack'
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Follows the audit log in a server's database and verifies its chain, each record once. What it returns
 * checks that so many dispatches were recorded since it was called last.
 */
export function createAuditCheck(
  stack: Pick<Stack, 'dataDir'>,
): (expected: number) => Promise<void> {
  let last = { seq: 0, hash: genesisHash }
  const follow = (record: AuditRecord): void => {
    const isNext = record.seq === last.seq + 1 && record.prev_hash === last.hash
    if (!isNext || hash('sha256', encodeAuditRecord(record)) !== record.hash) {
      throw new Error(`the audit chain is broken at record ${last.seq + 1}`)
    }
    last = record
  }
  return async (expected) => {
    const folder = join(stack.dataDir, 'control')
    const storage = openStorage({
      file: join(folder, 'holdfast.db'),
      encryptionKey: await readFile(join(folder, 'control.key')),
      sweepIntervalMs: 0,
    })
    let found = 0
    try {
      for (let page; page === undefined || page.length > 0;) {
        page = await storage.audit.read({ after: last.seq, limit: 1000 })
        for (const record of page) follow(record)
        found += page.filter(({ type }) => type === 'dispatch').length
      }
    } finally {
      await storage.close()
    }
    if (found !== expected) throw new Error(`${found} dispatches are recorded, not ${expected}`)
  }
}
