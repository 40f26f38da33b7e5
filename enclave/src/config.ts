import { isolationLevelSchema } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { attackTargetsSchema } from './sandbox/index.ts'

const configSchema = z.strictObject({
  /** Path of the Unix socket to listen on. */
  socket: z.string().startsWith('/'),
  /** Path of the egress relay's socket. */
  relaySocket: z.string().startsWith('/'),
  /** Isolation below which the key is refused. */
  floor: isolationLevelSchema,
  /** Certificate authorities to trust beside Node's own, PEM. */
  extraCaPem: z.string().optional(),
  /** Largest request body of a dispatch, in bytes. */
  maxBodyBytes: z.int().positive(),
  attackTargets: attackTargetsSchema,
})

/** The first line on stdin. */
export type EnclaveConfig = z.infer<typeof configSchema>

/** The enclave cannot start as it was asked to; starting again will not help. */
export class StartRefusedError extends Error {
  override readonly name = 'StartRefusedError'
}

/** Reads the configuration line. @throws StartRefusedError naming the field that is wrong */
export function parseConfig(line: string): EnclaveConfig {
  const result = configSchema.safeParse(parseJson(line))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new StartRefusedError(
    `the configuration is wrong at "${issue?.path.join('.')}": ${issue?.message}`,
  )
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
