import type { Client } from '@holdfast/client'
import type { SignedAuditHead } from '@holdfast/protocol/audit'

export const exportFormat = 'holdfast-audit-export-v1'

/** First line of an export; every further line is one record. */
export interface ExportHead {
  readonly format: typeof exportFormat
  readonly exported_at: string
  /** Heads as the server stored them. */
  readonly heads: readonly SignedAuditHead[]
  /** The enclave's own latest head. */
  readonly latest: SignedAuditHead | null
}

/** The lines of an export of the whole log. */
export async function* exportAudit(client: Client): AsyncGenerator<string> {
  const head: ExportHead = {
    format: exportFormat,
    exported_at: new Date().toISOString(),
    heads: await client.audit.heads(),
    latest: (await client.audit.head()).enclave,
  }
  yield JSON.stringify(head)
  for await (const record of client.audit.records()) yield JSON.stringify(record)
}
