import type { AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'
import type { Api } from './api.ts'

export interface AuditPage {
  readonly data: readonly AuditRecord[]
}

/** The newest heads that vouch for the log. */
export interface AuditHeads {
  /** The enclave's own latest head; null before the first record. */
  readonly latest: SignedAuditHead | null
  /** Heads as the server stores them. */
  readonly stored: readonly SignedAuditHead[]
}

export interface Audit {
  readonly list: (range?: {
    /** Only records behind this one. */
    readonly after?: number
    readonly limit?: number
  }) => Promise<readonly AuditRecord[]>
  /** The whole log, in stored order. */
  readonly records: () => AsyncIterable<AuditRecord>
  readonly heads: () => Promise<AuditHeads>
}

const pageSize = 500

export function auditApi(api: Api): Audit {
  const list: Audit['list'] = async ({ after = 0, limit = pageSize } = {}) => {
    const page = await api<AuditPage>({
      method: 'GET',
      path: `/v1/audit?after=${after}&limit=${limit}`,
    })
    return page.data
  }
  async function* records(): AsyncGenerator<AuditRecord> {
    let after = 0
    for (;;) {
      const page = await list({ after })
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) return
      after = last.seq
    }
  }
  return { list, records, heads: () => api({ method: 'GET', path: '/v1/audit/head' }) }
}
