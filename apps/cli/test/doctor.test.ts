import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createDpopVerifier, createMemoryReplayStore } from '@holdfast/protocol/token'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Config, loadConfig } from '../src/config.ts'
import type { CheckResult } from '../src/doctor/check.ts'
import { clientDocuments, diskSpace, keyAge, proxySettings } from '../src/doctor/outbound-checks.ts'
import { remoteChecks } from '../src/doctor/remote-checks.ts'
import { findTarget } from '../src/doctor/target.ts'
import { exitCodes } from '../src/exit-codes.ts'
import type { RunningStatus } from '../src/supervisor/status.ts'
import { version } from '../src/version.ts'
import { startDocumentHost } from '../../authorization-server/test/support/document-host.ts'
import { holdfast } from './run-cli.ts'
import { tempDir } from './temp-dir.ts'

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>]

/** An authorization server and an MCP server at one origin; each test breaks one thing. */
interface World {
  readonly origin: string
  metadata: Record<string, unknown>
  openid: Record<string, unknown> | undefined
  resource: Record<string, unknown>
  root: boolean
  challenge: Answer
  keys: unknown[]
  date: string | undefined
  cors: boolean
  believesForwarded: boolean
  nonce: { demanded: string; given: string | undefined } | undefined
  refusesProofs: boolean
  document: Answer
}

async function startWorld(): Promise<World> {
  const proofs = createDpopVerifier({ replay: createMemoryReplayStore() })
  const token = async (request: IncomingMessage): Promise<Answer> => {
    const proof = String(request.headers['dpop'])
    const url = `${world.origin}/token`
    if (world.refusesProofs) return [400, { error: 'invalid_dpop_proof' }]
    const wanted = world.nonce === undefined ? {} : { nonce: world.nonce.demanded }
    try {
      await proofs.verify({ proof, method: 'POST', url, ...wanted })
      return [400, { error: 'invalid_grant' }]
    } catch {
      const given = world.nonce?.given
      return [400, { error: 'use_dpop_nonce' }, given === undefined ? {} : { 'dpop-nonce': given }]
    }
  }
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { method, url = '', headers } = request
    if (method === 'OPTIONS') {
      return world.cors ? [204, '', { 'access-control-allow-origin': '*' }] : [405, {}]
    }
    const host = world.believesForwarded ? headers['x-forwarded-host'] : undefined
    const moved = host === undefined ? {} : { token_endpoint: `https://${String(host)}/token` }
    if (url === '/.well-known/oauth-authorization-server') {
      return [200, { ...world.metadata, ...moved }]
    }
    if (url === '/.well-known/openid-configuration')
      return world.openid ? [200, world.openid] : [404, {}]
    if (url === '/.well-known/oauth-protected-resource/mcp') return [200, world.resource]
    if (url === '/.well-known/oauth-protected-resource')
      return world.root ? [200, world.resource] : [404, {}]
    if (url === '/jwks') return [200, { keys: world.keys }]
    if (url === '/token') return token(request)
    if (url === '/client.json') return world.document
    return url === '/mcp' ? world.challenge : [404, {}]
  }
  const server = createServer((request, response) => {
    request.resume()
    void answer(request).then(([status, body, headers]) => {
      response.sendDate = world.date === undefined
      if (world.date !== undefined && world.date !== '') response.setHeader('date', world.date)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(status === 204 ? undefined : JSON.stringify(body))
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const metadata = {
    issuer: origin,
    authorization_endpoint: `${origin}/auth`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    jwks_uri: `${origin}/jwks`,
    dpop_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  }
  const place = `${origin}/.well-known/oauth-protected-resource/mcp`
  const world: World = {
    origin,
    metadata,
    openid: metadata,
    resource: { resource: `${origin}/mcp`, authorization_servers: [origin] },
    root: true,
    challenge: [401, {}, { 'www-authenticate': `DPoP resource_metadata="${place}"` }],
    keys: [{ kid: 'k', alg: 'ES256' }],
    date: undefined,
    cors: true,
    believesForwarded: false,
    nonce: undefined,
    refusesProofs: false,
    document: [200, { client_id: `${origin}/client.json` }],
  }
  return world
}

async function examine(url: string): Promise<Record<string, CheckResult['outcome']>> {
  const target = await findTarget(url)
  const results = target.found.map(({ id, outcome }) => [id, outcome] as const)
  for (const { id, run } of remoteChecks) {
    const { outcome, fix } = await run(target)
    if (outcome === 'failed' || outcome === 'warning') expect(fix, id).toBeTypeOf('string')
    results.push([id, outcome])
  }
  return Object.fromEntries(results)
}

const problems = (outcomes: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(outcomes).filter(([, outcome]) => !['ok', 'skipped'].includes(outcome)),
  )

describe('doctor with a URL', () => {
  it('finds nothing wrong with a server that is right, asked as resource or as issuer', async () => {
    const world = await startWorld()
    expect(problems(await examine(`${world.origin}/mcp`))).toEqual({})
    world.resource = {}
    expect(problems(await examine(world.origin))).toEqual({})
  })

  type Breakage = readonly [string, (world: World) => void, Readonly<Record<string, string>>]
  const breakages: readonly Breakage[] = [
    [
      'an issuer with a slash too many in the metadata of the resource',
      (world) => (world.resource['authorization_servers'] = [`${world.origin}/`]),
      { rfc8414: 'failed', openid: 'failed' },
    ],
    [
      'metadata that name another issuer',
      (world) => (world.metadata = { ...world.metadata, issuer: 'https://auth.example' }),
      { rfc8414: 'failed' },
    ],
    ['no OpenID metadata', (world) => (world.openid = undefined), { openid: 'warning' }],
    ['no metadata at the root', (world) => (world.root = false), { 'prm-root': 'warning' }],
    [
      'metadata of another resource',
      (world) => (world.resource['resource'] = 'https://elsewhere.example/mcp'),
      { resource: 'failed' },
    ],
    [
      'a resource that is spelled otherwise',
      (world) => (world.resource['resource'] = world.origin),
      { resource: 'warning' },
    ],
    [
      'a resource without an authorization server',
      (world) => (world.resource['authorization_servers'] = []),
      { 'prm-issuer': 'failed' },
    ],
    ['an open MCP server', (world) => (world.challenge = [200, {}]), { challenge: 'failed' }],
    [
      'a 401 without the place of the metadata',
      (world) => (world.challenge = [401, {}]),
      { challenge: 'warning' },
    ],
    [
      'a 401 that sends clients to an inner host',
      (world) => {
        const inner = 'DPoP resource_metadata="http://mcp.internal:8000/metadata"'
        world.challenge = [401, {}, { 'www-authenticate': inner }]
      },
      { challenge: 'failed' },
    ],
    [
      'endpoints at another host',
      (world) => (world.metadata = { ...world.metadata, jwks_uri: 'http://127.0.0.1:1/jwks' }),
      { endpoints: 'warning', 'keys-published': 'failed' },
    ],
    [
      'a host that a header can move',
      (world) => (world.believesForwarded = true),
      { forwarded: 'failed' },
    ],
    [
      'redirects without iss',
      (world) => {
        world.metadata = {
          ...world.metadata,
          authorization_response_iss_parameter_supported: false,
        }
      },
      { iss: 'warning' },
    ],
    [
      'a clock that is an hour off',
      (world) => (world.date = new Date(Date.now() - 3_600_000).toUTCString()),
      { clock: 'failed' },
    ],
    ['no Date', (world) => (world.date = ''), { clock: 'warning' }],
    ['no answer to preflights', (world) => (world.cors = false), { cors: 'failed' }],
    ['no signing key', (world) => (world.keys = []), { 'keys-published': 'failed' }],
    ...[
      { kty: 'RSA', use: 'enc' },
      { kty: 'RSA', alg: 'RSA-OAEP-256' },
      { kty: 'EC', key_ops: ['deriveKey'] },
      { kty: 'OKP', crv: 'X25519' },
    ].map((key): Breakage => [
      `only a key for encryption: ${JSON.stringify(key)}`,
      (world) => (world.keys = [key]),
      { 'keys-published': 'failed' },
    ]),
    [
      'a private signing key',
      (world) => (world.keys = [{ alg: 'ES256', d: 'x' }]),
      { 'keys-published': 'failed' },
    ],
    ['refused proofs', (world) => (world.refusesProofs = true), { dpop: 'failed' }],
    [
      'a nonce that gets lost at the proxy',
      (world) => (world.nonce = { demanded: 'n', given: undefined }),
      { dpop: 'failed' },
    ],
    [
      'a nonce of another process',
      (world) => (world.nonce = { demanded: 'n', given: 'm' }),
      { dpop: 'failed' },
    ],
    [
      'no DPoP',
      (world) => {
        world.metadata = { ...world.metadata, dpop_signing_alg_values_supported: [] }
      },
      { dpop: 'warning' },
    ],
  ]

  it.each(breakages)('finds %s, and nothing else', async (_name, breakIt, expected) => {
    const world = await startWorld()
    breakIt(world)
    expect(problems(await examine(`${world.origin}/mcp`))).toEqual(expected)
  })

  it('follows a demand for a nonce', async () => {
    const world = await startWorld()
    world.nonce = { demanded: 'n', given: 'n' }
    expect(problems(await examine(`${world.origin}/mcp`))).toEqual({})
  })

  it('exits with 9 when a check failed and with 0 when none did', async () => {
    const world = await startWorld()
    const good = await holdfast(['doctor', `${world.origin}/mcp`, '--json'])
    expect(good.code, good.stdout).toBe(exitCodes.ok)
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true })
    world.cors = false
    const bad = await holdfast(['doctor', `${world.origin}/mcp`])
    expect(bad.code).toBe(exitCodes.checkFailed)
    expect(bad.stdout).toMatch(/✗ CORS .*\n\s+fix: let the proxy pass OPTIONS on/)
    expect((await holdfast(['doctor', 'not-a-url'])).code).toBe(exitCodes.usage)
  })

  it('says of a server that is down just that, and takes it for no authorization server', async () => {
    const down = await holdfast(['doctor', 'http://127.0.0.1:9/mcp'])
    expect(down.code).toBe(exitCodes.checkFailed)
    expect(down.stdout).toMatch(
      /✗ reachable +no answer from http:\/\/127\.0\.0\.1:9: ECONNREFUSED\n +fix: start what should answer there/,
    )
    expect(down.stdout).not.toContain('authorization server')
    expect(down.stdout).not.toContain('metadata')
    expect(down.stdout).toContain('0 passed, 0 warnings, 1 failed')
  })
})

describe('doctor on the server', () => {
  const config = (settings: Partial<Config>): { config: Config } => ({
    config: { ...loadConfig({}).config, ...settings },
  })

  it('warns of documents that cannot be fetched, unless fetching is off', async () => {
    const world = await startWorld()
    const documents = [`${world.origin}/client.json`]
    expect(await clientDocuments(config({}), documents)).toMatchObject({ outcome: 'ok' })
    world.document = [403, {}]
    expect(await clientDocuments(config({}), documents)).toMatchObject({ outcome: 'warning' })
    const off = config({ outbound: false })
    expect(await clientDocuments(off, documents)).toMatchObject({ outcome: 'skipped' })
  })

  it('looks for documents as the server does: by its resolver, certificates and name', async () => {
    const host = await startDocumentHost()
    onTestFinished(() => host.stop())
    const documents = [host.serve('/client.json')]
    const { dnsServers, extraCaPem } = host.outbound
    const byResolver = { outboundDnsServers: dnsServers as string[] }
    const byCertificate = { extraCa: extraCaPem as string }
    const settings = { ...byResolver, ...byCertificate }
    const issuer = 'https://auth.example'
    expect(await clientDocuments(config({ ...settings, issuer }), documents)).toMatchObject({
      outcome: 'ok',
    })
    expect(host.requests).toEqual([
      `/client.json Holdfast/${version} (authorization server; +${issuer})`,
    ])
    for (const some of [byResolver, byCertificate]) {
      expect(await clientDocuments(config(some), documents)).toMatchObject({ outcome: 'warning' })
    }
    host.handler = (_request, response) => response.end('{"client_id":"https://other.example"}')
    expect(await clientDocuments(config(settings), documents)).toMatchObject({
      detail: expect.stringContaining('another document') as string,
    })
  })

  it('does not look for documents where none are taken', async () => {
    const host = await startDocumentHost()
    onTestFinished(() => host.stop())
    const off = config({ clientDocuments: 'off' })
    expect(await clientDocuments(off, [host.serve('/client.json')])).toMatchObject({
      outcome: 'skipped',
    })
    expect(host.connections()).toBe(0)
  })

  it('warns of a disk that fills up, and fails on a full one', async () => {
    const dataDir = path.join(tempDir(), 'data')
    const here = config({ dataDir })
    expect(await diskSpace(here)).toMatchObject({ outcome: 'skipped' })
    mkdirSync(dataDir)
    const outcomeWith = async (failBytes: number, warnBytes: number) =>
      (await diskSpace(here, { failBytes, warnBytes })).outcome
    expect(await outcomeWith(0, 0)).toBe('ok')
    expect(await outcomeWith(0, Infinity)).toBe('warning')
    expect(await outcomeWith(Infinity, Infinity)).toBe('failed')
  })

  it('warns of keys without a schedule, and of proxies that it was not told of', () => {
    const withKeys = (...signing: string[]) => ({ status: { keys: { signing } } as RunningStatus })
    const scheduled = config({ signingKeyMaxAgeDays: 90 })
    expect(keyAge({ ...scheduled, ...withKeys('a', 'b') })).toMatchObject({
      outcome: 'ok',
      detail: expect.stringContaining('2 signing') as string,
    })
    for (const without of [withKeys(), { status: undefined }]) {
      expect(keyAge({ ...scheduled, ...without }).outcome).toBe('skipped')
      expect(keyAge({ ...config({ signingKeyMaxAgeDays: 0 }), ...without }).outcome).toBe('warning')
    }
    const issuer = 'https://auth.example'
    expect(proxySettings(config({ issuer, trustProxy: false })).outcome).toBe('warning')
    expect(proxySettings(config({ issuer, trustProxy: true })).outcome).toBe('ok')
    expect(proxySettings(config({ trustProxy: true })).outcome).toBe('warning')
    expect(proxySettings(config({})).outcome).toBe('ok')
  })
})
