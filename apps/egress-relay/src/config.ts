import { isAbsolute } from 'node:path'
import { Resolver } from 'node:dns/promises'
import { ConfigError } from './errors.ts'

/** Limits of the relay. All have defaults. */
export interface Limits {
  /** Connections at once; further ones are answered TOO_MANY. Default 512. */
  readonly maxConnections: number
  /** Bytes of the request line without its end. Default 300: verb, the longest name, a port. */
  readonly maxLineBytes: number
  /** Milliseconds until the request line must be complete. Default 5000. */
  readonly requestTimeoutMs: number
  /** Milliseconds for resolving and connecting together. Default 10000. */
  readonly connectTimeoutMs: number
  /** Milliseconds without a byte in either direction. Default 300000. */
  readonly idleTimeoutMs: number
  /** The same after one side has ended. Default 15000. */
  readonly halfOpenTimeoutMs: number
}

/** The relay's whole configuration: the first line on its stdin. */
export interface RelayConfig {
  /** Absolute path of the Unix socket to listen on. */
  readonly socket: string
  readonly allow: readonly string[]
  readonly allowPrivate: readonly string[]
  /** DNS servers to ask instead of the system's resolver: `ip` or `ip:port`. */
  readonly dnsServers?: readonly string[]
  readonly limits: Limits
}

/** The limits where the operator sets none. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxConnections: 512,
  maxLineBytes: 300,
  requestTimeoutMs: 5000,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  halfOpenTimeoutMs: 15_000,
})

const KEYS = new Set(['socket', 'allow', 'allowPrivate', 'dnsServers', 'limits'])
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Checks the configuration line by hand: the relay has no dependencies.
 *
 * @throws ConfigError when anything is missing, unknown or of the wrong form.
 */
export function parseConfig(line: string): RelayConfig {
  const input = parseObject(line)
  const unknown = Object.keys(input).find((key) => !KEYS.has(key))
  if (unknown !== undefined) throw new ConfigError(`unknown setting: ${unknown}`)
  const { socket } = input
  if (typeof socket !== 'string' || !isAbsolute(socket)) {
    throw new ConfigError('socket must be an absolute path')
  }
  const dnsServers = input['dnsServers'] === undefined ? undefined : strings(input, 'dnsServers')
  if (dnsServers !== undefined) checkServers(dnsServers)
  return {
    socket,
    allow: strings(input, 'allow'),
    allowPrivate: strings(input, 'allowPrivate'),
    ...(dnsServers === undefined ? {} : { dnsServers }),
    limits: parseLimits(input['limits'] ?? {}),
  }
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new ConfigError('the configuration is not JSON', { cause })
  }
  if (!isRecord(value)) throw new ConfigError('the configuration is not an object')
  return value
}

function strings(input: Record<string, unknown>, key: string): string[] {
  const value = input[key] ?? []
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new ConfigError(`${key} must be a list of strings`)
  }
  return value
}

function checkServers(servers: readonly string[]): void {
  try {
    new Resolver().setServers(servers)
  } catch (cause) {
    throw new ConfigError('dnsServers must hold addresses, each with an optional port', { cause })
  }
}

function parseLimits(value: unknown): Limits {
  if (!isRecord(value)) throw new ConfigError('limits must be an object')
  for (const [key, limit] of Object.entries(value)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, key)) throw new ConfigError(`unknown limit: ${key}`)
    const valid = Number.isInteger(limit) && Number(limit) > 0 && Number(limit) <= MAX_TIMER_MS
    if (!valid) throw new ConfigError(`${key} must be a positive integer`)
  }
  return { ...DEFAULT_LIMITS, ...value }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
