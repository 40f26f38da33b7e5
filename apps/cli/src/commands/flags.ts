import type { Command } from 'commander'
import type { Flags } from '../config.ts'

/** The options of a command and of the program above it, as configuration flags. */
export function flagsOf(command: Command): Flags {
  const given = command.optsWithGlobals<Record<string, unknown>>()
  // `resources add --dpop-nonce` is about one resource; the setting of that name is the server's.
  const { minIsolation, dpopNonce: _resource, ...options } = given
  return {
    ...(options as Flags),
    ...(minIsolation === undefined ? {} : { enclaveMinIsolation: minIsolation }),
  }
}

/** Whether `--json` was given. */
export const wantsJson = (command: Command): boolean =>
  command.optsWithGlobals<{ json?: boolean }>().json === true
