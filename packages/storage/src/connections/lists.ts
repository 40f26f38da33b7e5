import type { Backend } from '../backend.ts'
import type { Page } from '../paging.ts'
import { limitOf } from '../rows.ts'
import type { ConnectionInfo, ConnectionPurpose } from './connection.ts'
import { infoColumns, type InfoRow, toInfo } from './row.ts'

/** Which connections there are. */
export interface ConnectionLists {
  /** Without `purpose` only credentials. */
  list(
    filter?: {
      readonly owner?: string | undefined
      readonly purpose?: ConnectionPurpose | undefined
    } & Page,
  ): Promise<ConnectionInfo[]>
  /** How many connections that are not revoked are authorized with an OAuth app. */
  countOfApp(handle: string): Promise<number>
}

export function createConnectionLists({ db }: Backend): ConnectionLists {
  const page = db.prepare<InfoRow>(
    `select ${infoColumns} from connections
     where handle > ? and purpose = ? order by handle limit ?`,
  )
  // Asked by every consent page.
  const pageOfOwner = db.prepare<InfoRow>(
    `select ${infoColumns} from connections
     where owner = ? and handle > ? and purpose = ? order by handle limit ?`,
  )
  const ofApp = db.prepare<{ total: number }>(
    `select count(*) as total from connections where app_handle = ? and status <> 'revoked'`,
  )
  return {
    async list(filter) {
      const { owner, after = '', purpose = 'credential' } = filter ?? {}
      const limit = limitOf(filter)
      const rows =
        owner === undefined
          ? page.all(after, purpose, limit)
          : pageOfOwner.all(owner, after, purpose, limit)
      return rows.map(toInfo)
    },
    async countOfApp(handle) {
      return ofApp.get(handle)!.total
    },
  }
}
