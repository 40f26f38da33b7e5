import type { AuditPoint, AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'
import type { Api } from './api.ts'

/** The newest heads of the log. */
export interface AuditHead {
  /** Where the log stands now. */
  readonly latest: AuditPoint
  /** The newest head that the server stores; null before the first. */
  readonly stored: SignedAuditHead | null
  /** What the enclave remembers by itself; null also while it is away. */
  readonly enclave: SignedAuditHead | null
}

/** The record of what happened, for administrators and everybody's own part of it. */
export interface Audit {
  readonly list: (range?: {
    /** Only records behind this one. */
    readonly after?: number
    /** 1 to 200. */
    readonly limit?: number
  }) => Promise<readonly AuditRecord[]>
  /** The whole log, in stored order. */
  readonly records: () => AsyncIterable<AuditRecord>
  /** Every head that the server stores, oldest first. */
  readonly heads: () => Promise<readonly SignedAuditHead[]>
  readonly head: () => Promise<AuditHead>
}

interface Page<T> {
  readonly data: readonly T[]
  readonly next_after: number | null
}

const pageSize = 200

export function auditApi(api: Api): Audit {
  async function* pages<T>(path: string): AsyncGenerator<T> {
    let after: number | null = 0
    while (after !== null) {
      const page: Page<T> = await api({
        method: 'GET',
        path: `${path}?after=${after}&limit=${pageSize}`,
      })
      yield* page.data
      after = page.next_after
    }
  }
  return {
    list: async ({ after = 0, limit = pageSize } = {}) => {
      const path = `/v1/audit?after=${after}&limit=${limit}`
      return (await api<Page<AuditRecord>>({ method: 'GET', path })).data
    },
    records: () => pages<AuditRecord>('/v1/audit'),
    heads: async () => {
      const heads: SignedAuditHead[] = []
      for await (const head of pages<SignedAuditHead>('/v1/audit/heads')) heads.push(head)
      return heads
    },
    head: () => api({ method: 'GET', path: '/v1/audit/head' }),
  }
}
