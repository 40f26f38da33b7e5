/** The packages that are published, and which of their entries run without Node. */
import path from 'node:path'
import { readFileSync } from 'node:fs'

export const root = path.resolve(import.meta.dirname, '../..')

/** Folder of each package. `nodeOnly`: entries that may import Node's modules, or `all`. */
export const publishedPackages = [
  { folder: 'packages/protocol', nodeOnly: ['./channel'] },
  { folder: 'packages/client', nodeOnly: ['./node'] },
  {
    folder: 'packages/resource-server',
    nodeOnly: ['./node', './express', './koa', './fastify', './context'],
  },
  { folder: 'packages/testing', nodeOnly: 'all' },
]

export const readManifest = (folder) =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))

/** Entry name → path of the built file of a kind (`types` or `default`). */
export function builtEntries(folder, kind) {
  const { exports } = readManifest(folder)
  return Object.entries(exports).map(([name, targets]) => [
    name,
    path.join(root, folder, targets[kind]),
  ])
}
