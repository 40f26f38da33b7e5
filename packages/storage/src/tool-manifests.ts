import type { ToolManifest } from '@holdfast/protocol/tool-manifest'
import type { Backend } from './backend.ts'
import { notFound, parseJson } from './rows.ts'

/** What resources say about their tools. */
export interface ToolManifests {
  /** Empty when the resource has said nothing. */
  find(resource: string): Promise<ToolManifest>
  /**
   * Replaces the manifest; false when it was the same already.
   *
   * @throws StorageError NOT_FOUND when there is no such resource
   */
  put(resource: string, manifest: ToolManifest): Promise<boolean>
}

const nothing: ToolManifest = { tools: [] }

export function createToolManifests({ db, commit, now }: Backend): ToolManifests {
  const find = db.prepare<{ manifest: string }>(
    'select manifest from tool_manifests where resource = ?',
  )
  const exists = db.prepare<{ found: 1 }>('select 1 as found from resources where resource = ?')
  const put = db.prepare(
    `insert into tool_manifests (resource, manifest, updated_at_ms) values (?, ?, ?)
     on conflict do update set manifest = excluded.manifest, updated_at_ms = excluded.updated_at_ms`,
  )
  return {
    async find(resource) {
      const row = find.get(resource)
      return row === undefined ? nothing : (parseJson(row.manifest) as ToolManifest)
    },
    // Servers send theirs at every start, and mostly nothing has changed.
    put: async (resource, manifest) => {
      const text = JSON.stringify(manifest)
      if (find.get(resource)?.manifest === text) return false
      return commit.transaction(() => {
        if (exists.get(resource) === undefined) throw notFound('resource')
        put.run(resource, text, now())
        return true
      })
    },
  }
}
