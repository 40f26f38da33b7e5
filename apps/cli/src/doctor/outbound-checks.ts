import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import {
  type Check,
  type CheckContext,
  type CheckResult,
  failed,
  ok,
  skipped,
  warning,
} from './check.ts'
import { version } from '../version.ts'
import { probe, reasonOf } from './probe.ts'

/** Clients that most people use, by the document that is their client id. */
const wellKnownClients: readonly string[] = [
  'https://claude.ai/oauth/claude-code-client-metadata',
  'https://claude.ai/oauth/mcp-oauth-client-metadata',
  'https://vscode.dev/oauth/client-metadata.json',
  'https://chatgpt.com/oauth/codex/client.json',
  'https://chatgpt.com/oauth/client.json',
]

/** Whether the documents of well-known clients can be fetched from here, in the way of the server. */
export async function clientDocuments(
  { config }: Pick<CheckContext, 'config'>,
  documents = wellKnownClients,
): Promise<CheckResult> {
  if (config.clientDocuments === 'off') return skipped('HOLDFAST_CLIENT_DOCUMENTS is off')
  if (!config.outbound) {
    return skipped('HOLDFAST_OUTBOUND is off: pinned and bundled documents are used')
  }
  const options = {
    headers: { 'user-agent': `Holdfast/${version} (authorization server; +${config.issuer})` },
    dnsServers: config.outboundDnsServers,
    extraCa: config.extraCa,
  }
  const problems = await Promise.all(
    documents.map(async (url) => {
      try {
        const { status, json } = await probe(url, options)
        if (status !== 200) return [`${url}: status ${status}`]
        return json['client_id'] === url ? [] : [`${url}: another document is there`]
      } catch (error) {
        return [`${url}: ${reasonOf(error)}`]
      }
    }),
  )
  const failures = problems.flat()
  return failures.length === 0
    ? ok(`${documents.length} documents of well-known clients`)
    : warning(
        failures.join('; '),
        'open the way to the Internet for the authorization server, or pin the documents (`holdfast clients pin`) and set HOLDFAST_OUTBOUND=false',
      )
}

const [failBytes, warnBytes] = [100e6, 1e9]

/** Room for the database, which refuses writes when there is none. */
export async function diskSpace(
  { config }: Pick<CheckContext, 'config'>,
  limits: { readonly failBytes: number; readonly warnBytes: number } = { failBytes, warnBytes },
): Promise<CheckResult> {
  if (!existsSync(config.dataDir)) return skipped(`${config.dataDir} does not exist yet`)
  const { bavail, bsize } = await statfs(config.dataDir)
  const free = bavail * bsize
  const detail = `${(free / 1e9).toFixed(1)} GB free at ${config.dataDir}`
  const fix = 'make room, or move the data folder (docs/operations.md)'
  if (free < limits.failBytes) return failed(detail, fix)
  return free < limits.warnBytes ? warning(detail, fix) : ok(detail)
}

/** A key that never changes can be stolen once and used for ever. */
export function keyAge({ config, status }: Pick<CheckContext, 'config' | 'status'>): CheckResult {
  const days = config.signingKeyMaxAgeDays
  if (days === 0) {
    return warning(
      'signing keys are never rotated by schedule',
      'set HOLDFAST_SIGNING_KEY_MAX_AGE_DAYS, or run `holdfast keys rotate --what signing`',
    )
  }
  // The schedule is the server's: where it does not run, no key is made and none is replaced.
  const { signing = [] } = (status?.keys ?? {}) as { readonly signing?: readonly string[] }
  return signing.length === 0
    ? skipped('no signing key to look at: the authorization server does not answer here')
    : ok(`${signing.length} signing key(s), replaced when ${days} days old`)
}

/** An https issuer on a server that speaks http only works behind a proxy, which it has to be told of. */
export function proxySettings({ config }: Pick<CheckContext, 'config'>): CheckResult {
  const isBehindProxy = config.issuer.startsWith('https:')
  if (isBehindProxy && !config.trustProxy) {
    return warning(
      'the issuer is https, and X-Forwarded headers are ignored: every caller has the address of the proxy',
      'set HOLDFAST_TRUST_PROXY=true if only the proxy can reach the port, else rate limits are shared',
    )
  }
  return config.trustProxy && !isBehindProxy
    ? warning(
        'X-Forwarded headers are believed although the issuer is not https',
        'set HOLDFAST_TRUST_PROXY=false unless a proxy overwrites them',
      )
    : ok(isBehindProxy ? 'X-Forwarded headers of the proxy are believed' : 'no proxy')
}

/** What lies around an installation on this machine. */
export const outboundChecks: readonly Check[] = [
  { id: 'disk', title: 'disk', run: (context) => diskSpace(context) },
  { id: 'key-age', title: 'key age', run: keyAge },
  { id: 'proxy', title: 'proxy', run: proxySettings },
  { id: 'cimd', title: 'documents', run: (context) => clientDocuments(context) },
]
