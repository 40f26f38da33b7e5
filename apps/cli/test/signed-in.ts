import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type KeySet, sealingKeySignedBytes } from '@holdfast/protocol'
import { exportDpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { onTestFinished } from 'vitest'
import { tempDir } from './temp-dir.ts'

/** A folder whose profile is signed in at a small server that remembers what it was asked. */
export interface SignedIn {
  readonly dir: string
  /** Method and path of every request, in order. */
  readonly requests: readonly string[]
}

/** A connection of that server whose owner signed in at GitHub. */
export const signedInAtGithub = 'ddls:conn:01J0000000000000000000000A-github'

/** The keys that sign tokens at that server. */
export const signingKeys = [
  { kid: 'sig_2', alg: 'ES256', state: 'active', since: '2026-11-21T09:00:00.000Z' },
  { kid: 'sig_3', alg: 'ES256', state: 'next', since: '2026-11-21T09:00:00.000Z' },
  { kid: 'sig_1', alg: 'RS256', state: 'retired', since: '2026-11-21T09:00:00.000Z' },
]

/** Links of the connect page, by id: a server asked for an account at GitHub, but for what is said here. */
const tickets: Readonly<Record<string, object>> = {
  open: {},
  used: { status: 'connected' },
  late: { status: 'expired' },
  other: { provider: 'notion' },
}

/** How many records the server's audit log has. */
export const auditRecords = 120

/** @param forbidden - path below which the server refuses the caller */
export async function signedIn(forbidden?: string): Promise<SignedIn> {
  const requests: string[] = []
  const keys = keySet()
  const server = createServer((request, response) => {
    const { method, url = '' } = request
    requests.push(`${method} ${url}`)
    request.resume()
    const isForbidden = forbidden !== undefined && url.startsWith(forbidden)
    response.writeHead(isForbidden ? 403 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(url.startsWith('/.well-known/') ? keys : answerTo(url)))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const dir = tempDir()
  const profiles = path.join(dir, 'config', 'profiles')
  mkdirSync(profiles, { recursive: true })
  const claims = Buffer.from(JSON.stringify({ sub: 'usr_ada' })).toString('base64url')
  const session = {
    issuer,
    clientId: 'holdfast-cli',
    dpopKey: await exportDpopKey(await generateDpopKey({ extractable: true })),
    tokens: {
      [`${issuer}/v1`]: {
        accessToken: `h.${claims}.s`,
        expiresAt: Math.floor(Date.now() / 1000) + 3600,
        scope: 'admin',
      },
    },
  }
  writeFileSync(path.join(profiles, 'default.json'), JSON.stringify(session), { mode: 0o600 })
  return { dir, requests }
}

function answerTo(url: string): object {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  if (pathname === '/v1/audit/head') {
    return { latest: { seq: auditRecords, hash: '' }, stored: null, enclave: null }
  }
  if (pathname === '/v1/status') {
    return { signing_keys: signingKeys, signing_rotation_due: '2026-12-21T09:00:00.000Z' }
  }
  if (pathname === '/v1/client-pins/bundled') return { enabled: true, documents: [] }
  if (pathname === `/v1/connections/${encodeURIComponent(signedInAtGithub)}`) {
    const base_url = 'https://api.github.com'
    return { handle: signedInAtGithub, base_url, kind: 'oauth2', status: 'active', account: 'ada' }
  }
  const ticket = tickets[pathname.replace('/v1/connect-tickets/', '')]
  if (ticket) {
    const resource = 'https://mcp.example/mcp'
    return { status: 'pending', provider: 'github', name: null, resource, ...ticket }
  }
  if (pathname !== '/v1/audit') return { data: [], next_cursor: null }
  const after = Number(searchParams.get('after'))
  const count = Math.min(Number(searchParams.get('limit')), auditRecords - after)
  return {
    data: Array.from({ length: count }, (_, index) => ({
      seq: after + index + 1,
      detail: { code: 'BAD_REQUEST', method: 'POST', path: '/user', via: 'token' },
    })),
  }
}

function keySet(): KeySet {
  const identity = generateKeyPairSync('ed25519')
  const now = Math.floor(Date.now() / 1000)
  const key = {
    kid: 'seal_1',
    alg: 'x25519-sealed-box' as const,
    public_key: rawKey(generateKeyPairSync('x25519').publicKey),
    not_before: now - 10,
    expires_at: now + 3600,
  }
  const signature = sign(null, sealingKeySignedBytes(key), identity.privateKey)
  return {
    v: 1,
    identity: rawKey(identity.publicKey),
    succession: [],
    keys: [{ ...key, signature: signature.toString('base64url') }],
  }
}

const rawKey = (key: KeyObject): string => key.export({ format: 'jwk' }).x ?? ''
