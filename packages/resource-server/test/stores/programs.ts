import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram)
}

/** Folder of Debian's PostgreSQL, which is not on the path. */
function debianPostgres(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort() : []
  return versions
    .map((version) => join(root, version, 'bin'))
    .findLast((bin) => isProgram(join(bin, 'initdb')))
}

/** A Redis or Valkey to start, unless a running one is named. */
export const redisProgram: string | undefined =
  process.env['HOLDFAST_TEST_REDIS_PROGRAM'] ?? onPath('redis-server', 'valkey-server')

/** Folder of a PostgreSQL to start, unless a running one is named. */
export const postgresPrograms: string | undefined =
  process.env['HOLDFAST_TEST_POSTGRES_PROGRAMS'] ??
  debianPostgres() ??
  onPath('initdb')?.slice(0, -'/initdb'.length)
