import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readPort } from '../listen.ts'

/** Where the quickstart server stands and whom it trusts. */
export interface QuickstartConfig {
  /** The authorization server's issuer. */
  readonly issuer: string
  /** This server's URI, as registered with `holdfast resources add`. */
  readonly resource: string
  /** The client that was made with the resource. */
  readonly clientId: string
  readonly clientSecret: string
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Name of the connection that `whoami` uses; undefined when the token grants only one. */
  readonly connection: string | undefined
}

const usage = `usage: main.ts --issuer URL --resource URL --client-id ID --client-secret-file PATH
               [--host 127.0.0.1] [--port 8000] [--connection NAME]
Each flag can also be given as MCP_ISSUER, MCP_RESOURCE, MCP_CLIENT_ID, MCP_CLIENT_SECRET_FILE,
MCP_HOST, MCP_PORT (or PORT), MCP_CONNECTION.`

/**
 * Reads flags, then the environment. The secret comes from a file, because other users of the machine
 * can read both flags and, often, the environment.
 *
 * @throws Error with the usage text
 */
export function readConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): QuickstartConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      issuer: { type: 'string' },
      resource: { type: 'string' },
      'client-id': { type: 'string' },
      'client-secret-file': { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      connection: { type: 'string' },
    },
  })
  const optional = (flag: keyof typeof values): string | undefined =>
    values[flag] ?? environment[`MCP_${flag.replaceAll('-', '_').toUpperCase()}`]
  const required = (flag: keyof typeof values): string => {
    const value = optional(flag)
    if (value === undefined) throw new Error(`--${flag} is missing\n${usage}`)
    return value
  }
  return {
    issuer: required('issuer'),
    resource: required('resource'),
    clientId: required('client-id'),
    clientSecret: readFileSync(required('client-secret-file'), 'utf8').trim(),
    host: optional('host') ?? '127.0.0.1',
    port: readPort(optional('port') ?? environment['PORT'] ?? '8000'),
    connection: optional('connection'),
  }
}
