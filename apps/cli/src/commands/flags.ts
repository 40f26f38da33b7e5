import type { Command } from 'commander'
import type { Flags } from '../config.ts'

/** The options of a command and of the program above it, as configuration flags. */
export function flagsOf(command: Command): Flags {
  const { minIsolation, ...options } = command.optsWithGlobals<Record<string, unknown>>()
  return {
    ...(options as Flags),
    ...(minIsolation === undefined ? {} : { enclaveMinIsolation: minIsolation }),
  }
}

/** Whether `--json` was given. */
export const wantsJson = (command: Command): boolean =>
  command.optsWithGlobals<{ json?: boolean }>().json === true
