import { isIP } from 'node:net'
import { providerSchema } from '@holdfast/providers'
import { z } from 'zod'
import { privateHostPattern } from './outbound/private-hosts.ts'
import { signingAlgorithms } from './signing-algorithms.ts'

const issuerSchema = z
  .string()
  .max(256)
  .refine(isIssuer, 'use an http(s) origin without path, query or trailing slash')

function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value
}

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  if (isIP(address) === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
}

const headerName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
  .toLowerCase()

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
  /** Take the client's address from `X-Forwarded-For`. Never moves the issuer. */
  trustProxy: z.boolean().default(false),
  /** Addresses and networks of the proxies; the client is the last hop that is none of them. */
  trustedProxies: z.array(z.string().refine(isNetwork, 'use an address or a CIDR')).default([]),
  /** Headers in which a trusted proxy hands on the client's certificate (RFC 8705). */
  mtls: z
    .strictObject({
      /** Holds the certificate: RFC 9440 `:base64:`, or URL-encoded PEM. */
      certificateHeader: headerName,
      /** Holds `SUCCESS` when the proxy has verified the chain; without it only self-signed ones serve. */
      verifiedHeader: headerName.optional(),
    })
    .optional(),
  /** Where proofs must carry a nonce of this server (RFC 9449 section 8). */
  dpopNonce: z.enum(['off', 'token-endpoint', 'everywhere']).default('off'),
  accessTokenTtlSeconds: z.int().min(30).max(3600).default(300),
  refreshTokenTtlSeconds: z
    .int()
    .min(60)
    .max(90 * 86_400)
    .default(30 * 86_400),
  /** How long a rotated refresh token still works for the same client and key. */
  refreshGraceSeconds: z.int().min(0).max(300).default(30),
  /** Algorithm of new token signing keys. */
  signingAlgorithm: z.enum(signingAlgorithms).default('ES256'),
  /** Age at which the signing key is rotated; 0 = only on demand. */
  signingKeyMaxAgeSeconds: z
    .int()
    .min(0)
    .default(30 * 86_400),
  /** How long the disk may take to flush what was written; the storage's default. Set by tests alone. */
  flushLimitMs: z.int().min(1).optional(),
  dispatch: z
    .strictObject({
      maxBodyBytes: z.int().min(1024).default(1_048_576),
      maxResponseBytes: z.int().min(1024).default(10_485_760),
      defaultTimeoutMs: z.int().min(1000).max(300_000).default(30_000),
    })
    .prefault({}),
  rateLimits: z
    .strictObject({
      /** Authorization, pushed and device requests of one address (IPv6: one /64) in a minute. */
      authorizePerAddress: z.int().min(1).default(3000),
      /** Authorization, pushed and device authorization requests of everybody in a minute. */
      authorizeGlobal: z.int().min(1).default(30_000),
      /** Pushed and device authorization requests of one client at one address in a minute. */
      pushedPerClient: z.int().min(1).default(300),
      /** Refused token requests of one address in a minute. */
      tokenFailuresPerAddress: z.int().min(1).default(600),
      /** Refused token requests in the name of one client at one address in a minute. */
      tokenFailuresPerClient: z.int().min(1).default(120),
      /** Tokens for one user in a minute. */
      tokensPerAccount: z.int().min(1).default(6000),
      /** Wrong device codes of one address in a quarter of an hour. */
      deviceCodesPerAddress: z.int().min(1).default(10),
      /** Wrong device codes of everybody in a quarter of an hour. */
      deviceCodesGlobal: z.int().min(1).default(2000),
    })
    .prefault({}),
  setup: z.strictObject({ linkTtlSeconds: z.int().min(60).max(86_400).default(1800) }).prefault({}),
  registration: z
    .strictObject({
      /** Who may register a client by RFC 7591. */
      dynamic: z.enum(['off', 'open', 'initial-access-token']).default('open'),
      maxClients: z.int().min(10).max(1_000_000).default(10_000),
      /** New clients of one address (for IPv6 its /64) per hour; hosted clients share few addresses. */
      newClientsPerAddress: z.int().min(1).default(200),
      /** New clients of everyone per hour. */
      newClientsInAll: z.int().min(1).default(5000),
      /** Clients whose id is the URL of a document; `unadvertised` = taken, but not in the metadata. */
      documents: z.enum(['on', 'unadvertised', 'off']).default('on'),
      /** Whose documents are believed. */
      trust: z.enum(['open', 'allow-list', 'review']).default('open'),
      /** `host`, `host:port` or `*.host`. */
      allowedHosts: z.array(z.string().toLowerCase()).default([]),
      /** Use the documents that come with this version where their hosts cannot be reached. */
      bundled: z.boolean().default(true),
    })
    .prefault({}),
  /** Requests of this process to hosts that clients name. */
  outbound: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** `host` or `host:port` that may have addresses that are not public. */
      privateHosts: z.array(z.string().toLowerCase().regex(privateHostPattern)).default([]),
      dnsServers: z.array(z.string()).default([]),
      allowHttpLoopback: z.boolean().default(false),
      extraCaPem: z.string().optional(),
    })
    .prefault({}),
  /** Providers that the operator added, as `@holdfast/providers/node` read them. */
  providers: z
    .array(z.strictObject({ provider: providerSchema, override: z.boolean().optional() }))
    .max(500)
    .default([]),
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
  const parsed = configSchema
    .refine(
      ({ mtls, trustProxy, trustedProxies }) =>
        mtls === undefined || (trustProxy && trustedProxies.length > 0),
      {
        path: ['mtls'],
        message:
          'needs trustProxy and trustedProxies: certificates are public, so that who reaches the port could present any',
      },
    )
    .safeParse(value)
  if (parsed.success) return Object.freeze(parsed.data)
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || '(root)'}: ${message}`,
  )
  throw new Error(`configuration refused: ${problems.join('; ')}`)
}
