import { accessSync, constants, existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The project folder: where `package.json`, `apps/` and `enclave/` stand. */
export const projectRoot: string = path.resolve(import.meta.dirname, '../../../..')

/**
 * The data folder when none is configured: `.holdfast` in the project, or the user's own data folder
 * when the project is read-only and nobody has started there yet.
 */
export function defaultDataDir(env: NodeJS.ProcessEnv, root: string = projectRoot): string {
  const inProject = path.join(root, '.holdfast')
  if (existsSync(inProject) || isWritable(root)) return inProject
  const base = env['XDG_DATA_HOME'] || path.join(os.homedir(), '.local', 'share')
  return path.join(base, 'holdfast')
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
