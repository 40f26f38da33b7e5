/**
 * P1, P2: one secret through the whole main job and through everything that can go wrong in it; then
 * a search for it everywhere that an attacker might look.
 */
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createDpopProof } from '@holdfast/protocol/token'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, outcomeOf, signInAgent } from './helpers/agent.ts'
import {
  type Finding,
  findInBytes,
  findInFolder,
  findInProcess,
  makeCanary,
  needlesOf,
} from './helpers/canary.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'
import {
  executableOf,
  hasProc,
  limitOf,
  processesOf,
  withDescendants,
} from './helpers/processes.ts'
import { makeSealedKinds, type SealedKind } from './helpers/sealed-kinds.ts'
import { startUpstream, type Upstream } from './helpers/upstream.ts'

const isRoot = process.geteuid?.() === 0

let job: MainJob
let direct: Agent
let manager: Agent
/** An API that speaks TLS with a certificate that nobody vouches for. */
let untrusted: Upstream
/** Says nothing to anybody. */
let silent: Server
/** One at each of these, and one whose key the API does not take. */
let connections: { untrusted: string; silent: string; refused: string }
/** A second secret, which fails in every way. */
const doomed = makeCanary()
/** A third, which careless clients send in clear: the server cannot help hearing it, but keeps it nowhere. */
const pasted = makeCanary()
/** Every kind of credential. */
const kinds = makeSealedKinds()
/** The value that a query key gets later. */
const rotated = makeCanary()
/** A connection of each kind at an API that answers, and at one that nobody vouches for. */
const ofKinds: { method: string; good: string; untrusted: string }[] = []
/** Everything that the product told us, which we did not get over a tapped wire. */
const told: string[] = []

const dispatch = async (handle: string, path: string, timeout_ms = 5000): Promise<string> => {
  const answer = await direct.dispatch(handle, { method: 'GET', path, timeout_ms })
  told.push(JSON.stringify(answer))
  return outcomeOf(answer)
}

async function seal(baseUrl: string): Promise<string> {
  const { handle } = await job.ada.run<{ handle: string }>(
    [
      ...['connections', 'add', 'demo-api', '--base-url', baseUrl, '--secret-stdin'],
      ...['--methods', 'GET', '--paths', '/**', '--resources', 'direct'],
    ],
    `${doomed}\n`,
  )
  return handle
}

async function sealKind({ credential, secrets }: SealedKind, baseUrl: string): Promise<string> {
  const values = Object.values(secrets)
  const { handle } = await job.ada.run<{ handle: string }>(
    [
      ...['connections', 'add', 'demo-api', '--base-url', baseUrl, '--secret-stdin'],
      ...['--injection', JSON.stringify(credential)],
      ...['--methods', '*', '--paths', '/**', '--resources', 'direct'],
    ],
    `${values.length === 1 ? values[0] : JSON.stringify(secrets)}\n`,
  )
  return handle
}

/** A call of the management API by hand. */
async function manage<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
  const url = `${job.stack.issuer}${path}`
  const accessToken = manager.accessToken()
  const dpop = await createDpopProof({ key: manager.key, method, url, accessToken })
  const headers = { authorization: `DPoP ${accessToken}`, dpop, 'content-type': 'application/json' }
  const answer = await request(url, { method, headers, body: JSON.stringify(body) })
  return { status: answer.statusCode, ...((await answer.body.json()) as object) } as T
}

beforeAll(async () => {
  untrusted = await startUpstream({ apiKey: doomed })
  silent = createTcpServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const silentPort = (silent.address() as AddressInfo).port
  job = await doMainJob(undefined, {
    paths: '/**',
    reachable: [`localhost:${untrusted.port}`, `localhost:${silentPort}`],
    settings: { HOLDFAST_LOG_LEVEL: 'debug' },
  })
  connections = {
    untrusted: await seal(untrusted.url),
    silent: await seal(`https://localhost:${silentPort}`),
    refused: await seal(job.upstream.url),
  }
  for (const kind of kinds) {
    ofKinds.push({
      method: kind.method,
      good: await sealKind(kind, job.upstream.url),
      untrusted: await sealKind(kind, untrusted.url),
    })
  }
  const cli = {
    issuer: job.stack.issuer,
    clientId: 'holdfast-cli',
    redirectUri: 'http://127.0.0.1/callback',
    authorize: job.ada.authorize,
  }
  direct = await signInAgent({
    ...cli,
    resource: `${job.stack.issuer}/dispatch`,
    scope: 'dispatch',
  })
  const scope = 'connections:read connections:write'
  manager = await signInAgent({ ...cli, resource: `${job.stack.issuer}/v1`, scope })
}, 240_000)

afterAll(async () => {
  await job?.close()
  await untrusted?.close()
  silent?.close()
})

describe('everything that can happen to a credential', () => {
  test('good calls, echoes and errors of the API', async () => {
    expect(await dispatch(job.handle, '/user')).toBe('ok')
    expect(await dispatch(job.handle, '/echo-headers')).toBe('ok')
    expect(await dispatch(job.handle, '/status/500')).toBe('ok')
    expect(await dispatch(job.handle, '/redirect?to=/echo-headers')).toBe('ok')
    const { stdout, stderr } = await job.ada.attempt(['connections', 'show', job.handle])
    told.push(stdout, stderr)
  })

  test('an API that is not who it says it is, one that never answers, one that refuses the key', async () => {
    expect(await dispatch(connections.untrusted, '/user')).toBe('DOWNSTREAM_TLS_ERROR')
    expect(await dispatch(connections.silent, '/user', 1000)).toBe('DOWNSTREAM_TIMEOUT')
    expect(await dispatch(connections.refused, '/user')).toBeOneOf([
      'ok',
      'DOWNSTREAM_AUTH_FAILURE',
    ])
    expect(await dispatch(job.handle, '/slow?ms=3000', 1000)).toBe('DOWNSTREAM_TIMEOUT')
    expect(untrusted.seen).toEqual([])
  })

  test('every kind: answers, a caller who fills its place, an API that is not who it says', async () => {
    for (const { method, good, untrusted: bad } of ofKinds) {
      const outcomes = []
      for (const [handle, request] of [
        [good, { method, path: '/echo-headers' }],
        [good, { method, path: '/a+b?key=x', headers: { 'x-app': 'x', 'x-signature': 'x' } }],
        [bad, { method, path: '/user' }],
      ] as const) {
        const answer = await direct.dispatch(handle, { timeout_ms: 5000, ...request })
        told.push(JSON.stringify(answer))
        outcomes.push(outcomeOf(answer))
      }
      expect(outcomes[0]).toBe('ok')
      expect(outcomes[2]).toBe('DOWNSTREAM_TLS_ERROR')
    }
    expect(untrusted.seen).toEqual([])
  })

  test('a new value for the same handle', async () => {
    const good = ofKinds[0]?.good ?? ''
    const { stdout, stderr } = await job.ada.attempt(
      [
        ...['connections', 'rotate', good, '--base-url', job.upstream.url],
        ...['--in', 'query', '--field', 'key', '--secret-stdin'],
      ],
      `${rotated}\n`,
    )
    told.push(stdout, stderr)
    const before = job.upstream.seen.length
    expect(await dispatch(good, '/user')).toBe('ok')
    const key = encodeURIComponent(rotated)
    expect(job.upstream.seen.slice(before).map(({ path }) => path)).toEqual([`/user?key=${key}`])
  })

  test('a revoked connection', async () => {
    await job.ada.run(['connections', 'revoke', connections.refused])
    expect(await dispatch(connections.refused, '/user')).toBe('CONNECTION_REVOKED')
  })

  // What a careless client sends in clear arrives in clear: it is the server that must not keep it.
  test.each([
    ['the key itself, pasted as the sealed form', (key: string) => ({ sealed: key })],
    [
      'the key in base64url, pasted as the sealed form',
      (key: string) => ({ sealed: Buffer.from(key).toString('base64url') }),
    ],
    [
      'the key in an envelope of the other kind',
      (key: string) => ({
        form: 'dedalus-v1',
        sealed: Buffer.concat([Buffer.from([1]), Buffer.from(key.repeat(12))]).toString(
          'base64url',
        ),
      }),
    ],
    ['the key as the name of the sealing key', (key: string) => ({ kid: key, sealed: 'AAAA' })],
    ['the key as the name of the form', (key: string) => ({ form: key, sealed: 'AAAA' })],
    ['the key in a field that does not exist', (key: string) => ({ [key]: key, sealed: 'AAAA' })],
  ])('an upload with %s is refused without repeating it', async (_what, make) => {
    const { handle, upload } = await manage<{ handle: string; upload: { nonce: string } }>(
      'POST',
      '/v1/connections',
      {
        ...{ provider: 'demo-api', name: 'demo-api', base_url: job.upstream.url },
        policy: { methods: ['GET'], paths: ['/**'], resources: [] },
      },
    )
    const answer = await manage('PUT', `/v1/connections/${encodeURIComponent(handle)}/credential`, {
      ...{ form: 'sealed-box', upload_nonce: upload.nonce },
      ...make(pasted),
    })
    expect(answer).toMatchObject({ status: expect.toBeOneOf([400, 409, 422]) as number })
    told.push(JSON.stringify(answer))
  })
})

describe('afterwards the secret is nowhere', () => {
  const needles = (): ReturnType<typeof needlesOf> => [
    ...needlesOf(job.secret),
    ...needlesOf(doomed),
    ...kinds.flatMap(({ secrets }) =>
      Object.entries(secrets).flatMap(([name, value]) => {
        if (name === 'access_key_id' || name === 'certificate') return []
        // Of PEM, the line with the key's own bytes.
        return needlesOf(name === 'private_key' ? (value.split('\n')[2] ?? value) : value)
      }),
    ),
    ...needlesOf(rotated),
  ]
  const everywhere = (): ReturnType<typeof needlesOf> => [...needles(), ...needlesOf(pasted)]

  test('in no file of the server: database, write-ahead log, logs, report, keys', () => {
    const { dataDir } = job.stack
    expect(findInFolder(dataDir, everywhere())).toEqual([])
    // Controls: each kind of place is where the search looks.
    const database = join(dataDir, 'control/holdfast.db')
    for (const file of [`${database}-wal`, join(dataDir, 'logs/authorization-server.log')]) {
      expect(readFileSync(file).length, file).toBeGreaterThan(0)
      expect(findInFolder(dataDir, needlesOf(job.handle)).map(({ where }) => where)).toContain(file)
    }
    const report = readFileSync(join(dataDir, 'run/supervisor.json'))
    expect(findInBytes('report', report, needlesOf(job.stack.issuer))).not.toEqual([])
  })

  test('in no file of the command line: configuration, profiles, pins', () => {
    const config = join(job.stack.folder, 'config')
    expect(findInFolder(config, needles())).toEqual([])
    expect(findInFolder(config, needlesOf(job.stack.issuer))).not.toEqual([])
  })

  test('in nothing that the supervisor printed or a call answered', () => {
    const said = Buffer.from([job.stack.output(), ...told].join('\n'))
    expect(findInBytes('answers', said, everywhere())).toEqual([])
    expect(said.includes('redacted')).toBe(true)
  })

  test('on no wire between agent, MCP server, terminal and authorization server', () => {
    const captured = Buffer.concat(job.taps.map((tap) => tap.captured()))
    expect(findInBytes('wires', captured, needles())).toEqual([])
    expect(findInBytes('wires', captured, needlesOf(job.session.accessToken()))).not.toEqual([])
  })

  test.skipIf(!hasProc || !isRoot)(
    'in the memory, arguments and environment of no process but the enclave',
    { timeout: 120_000 },
    async () => {
      const others = [
        ...(await processesOf(job.stack)).filter(({ name }) => name !== 'enclave'),
        ...withDescendants(job.mcpServerPid).map((pid) => ({ name: 'MCP server', pid })),
      ]
      expect(new Set(others.map(({ name }) => name))).toEqual(
        new Set(['supervisor', 'egress-relay', 'authorization-server', 'MCP server']),
      )
      const findings = others.flatMap(({ name, pid }) => findInProcess(name, pid, needles()))
      expect(findings).toEqual([])
      // Controls: the memory really is searched, of each of them, and here the secret is.
      const known: Record<string, string> = {
        supervisor: job.stack.issuer,
        'egress-relay': `localhost:${job.upstream.port}`,
        'authorization-server': job.stack.issuer,
        'MCP server': job.resource,
      }
      for (const name of Object.keys(known)) {
        const found = others
          .filter((one) => one.name === name)
          .flatMap(({ pid }) => findInProcess(name, pid, needlesOf(known[name]!)))
        expect(found.filter(({ where }) => where.endsWith('memory')).length, name).toBeGreaterThan(
          0,
        )
      }
      expect(findInProcess('here', process.pid, needlesOf(job.secret))).not.toEqual([])
    },
  )

  test.skipIf(!hasProc)('in no core dump: no process of the product may write one', async () => {
    const parts = (await processesOf(job.stack)).filter(({ name }) => name !== 'supervisor')
    for (const { name, pid } of parts) {
      expect([name, ...limitOf(pid, 'Max core file size')]).toEqual([name, '0', '0'])
    }
    if (!isRoot) return
    for (const { name, pid } of parts.filter(({ pid: one }) =>
      executableOf(one)?.endsWith('node'),
    )) {
      // The kernel gives the files of a process that may not be dumped to root.
      expect([name, statSync(`/proc/${pid}/environ`).uid]).toEqual([name, 0])
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\s/m)
    }
  })
})

describe('the search itself finds a planted secret', () => {
  test('in a file, in a database, in its write-ahead log, in every spelling', () => {
    const planted = makeCanary()
    const folder = join(job.stack.folder, 'planted')
    const forms = needlesOf(planted)
    const database = plant(folder, planted, forms)
    try {
      const found = findInFolder(folder, forms)
      const places = (name: string): Finding[] => found.filter(({ where }) => where.endsWith(name))
      expect(places('all.txt').map(({ form }) => form)).toEqual(forms.map(({ form }) => form))
      expect(places('.db-wal').length + places('.db').length).toBeGreaterThan(0)
    } finally {
      database.close()
    }
  })
})

function plant(folder: string, planted: string, forms: ReturnType<typeof needlesOf>): DatabaseSync {
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'all.txt'),
    Buffer.concat(forms.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])),
  )
  const database = new DatabaseSync(join(folder, 'some.db'))
  database.exec('pragma journal_mode = wal; create table t (value text)')
  database.prepare('insert into t values (?)').run(planted)
  return database
}
