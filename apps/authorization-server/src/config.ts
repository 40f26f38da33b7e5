import { z } from 'zod'

const issuerSchema = z
  .string()
  .max(256)
  .refine(isIssuer, 'use an http(s) origin without path, query or trailing slash')

function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value
}

/** Zod schema of this child's configuration: the first line on stdin. */
export const configSchema = z.strictObject({
  /** Origin under which clients reach this server. Port 0 stands for the port that was bound. */
  issuer: issuerSchema,
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(4444),
  /** Folder of the database and `control.key`. */
  dataDir: z.string().min(1),
  /** Unix socket of the enclave. */
  enclaveSocket: z.string().min(1),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  production: z.boolean().default(false),
  /** Take the client's address from the last `X-Forwarded-For` entry. Never moves the issuer. */
  trustProxy: z.boolean().default(false),
  accessTokenTtlSeconds: z.int().min(30).max(3600).default(300),
  refreshTokenTtlSeconds: z
    .int()
    .min(60)
    .max(90 * 86_400)
    .default(30 * 86_400),
  /** How long a rotated refresh token still works for the same client and key. */
  refreshGraceSeconds: z.int().min(0).max(300).default(30),
  /** Age at which the signing key is rotated; 0 = only on demand. */
  signingKeyMaxAgeSeconds: z
    .int()
    .min(0)
    .default(30 * 86_400),
  dispatch: z
    .strictObject({
      maxBodyBytes: z.int().min(1024).default(1_048_576),
      maxResponseBytes: z.int().min(1024).default(10_485_760),
      defaultTimeoutMs: z.int().min(1000).max(300_000).default(30_000),
    })
    .prefault({}),
  setup: z.strictObject({ linkTtlSeconds: z.int().min(60).max(86_400).default(1800) }).prefault({}),
  inviteTtlSeconds: z
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(7 * 86_400),
})

/** What the supervisor hands to this process; frozen after parsing. */
export type Config = Readonly<z.infer<typeof configSchema>>

/**
 * The configuration that a line of JSON spells.
 * @throws Error whose message names each wrong field, and never its value
 */
export function parseConfig(line: string): Config {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error('the first line on stdin must be the configuration as JSON')
  }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return Object.freeze(parsed.data)
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || '(root)'}: ${message}`,
  )
  throw new Error(`configuration refused: ${problems.join('; ')}`)
}
