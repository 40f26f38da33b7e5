/** P7: what is revoked stops with the next request, and nothing else stops with it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Agent,
  callTool,
  dispatch,
  exchange,
  listTools,
  outcomeOf,
  signInAgent,
} from './helpers/agent.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'
import type { Person } from './helpers/person.ts'

/** What docs/mcp-servers.md promises of a resource server that dispatches nothing. */
const maxStaleMs = 1000
const getUser = { method: 'GET', path: '/user' }
const redirectUri = 'http://127.0.0.1/callback'

/** Somebody with everything that can be taken away, used before and unexpired. */
interface Armed {
  readonly agent: Agent
  readonly direct: Agent
  readonly handle: string
  readonly token: string
  readonly serverKey: DpopKey
  readonly exchangedToken: string
}

let job: MainJob
let issuer: string
let malloryHandle: string
let ada: Armed
let mallory: Armed

beforeAll(async () => {
  job = await doMainJob()
  issuer = job.stack.issuer
  const added = await job.mallory.run<{ handle: string }>(
    [
      ...['connections', 'add', 'demo-api', '--base-url', job.upstream.url, '--secret-stdin'],
      ...['--methods', 'GET', '--paths', '/user', '--resources', `${job.resource},direct`],
    ],
    `${job.secret}\n`,
  )
  malloryHandle = added.handle
  ada = await arm(job.ada, job.handle)
  mallory = await arm(job.mallory, malloryHandle)
}, 120_000)

afterAll(() => job.close())

async function arm(
  person: Person,
  handle: string,
  clientId: string = job.agentClientId,
): Promise<Armed> {
  const agent = await signInAgent({
    ...{ issuer, clientId, redirectUri, authorize: person.authorize },
    ...{ resource: job.resource, scope: 'tools:call' },
  })
  const direct = await signInAgent({
    ...{ issuer, clientId: 'holdfast-cli', redirectUri, authorize: person.authorize },
    ...{ resource: `${issuer}/dispatch`, scope: 'dispatch' },
  })
  const token = agent.accessToken()
  const serverKey = await generateDpopKey()
  const { body } = await exchange(issuer, job.resourceClient, token, serverKey)
  const exchangedToken = String(body['access_token'])
  return { agent, direct, handle, token, serverKey, exchangedToken }
}

/** What each way of going on says, in the order in which they are tried. */
async function goOn(one: Armed): Promise<Record<string, unknown>> {
  const { agent, direct, handle, token, serverKey, exchangedToken } = one
  const own = { token, key: agent.key }
  const before = job.upstream.seen.length
  const tool = await callTool(job.resource, own, 'whoami')
  const exchanged = await dispatch(
    issuer,
    { token: exchangedToken, key: serverKey },
    handle,
    getUser,
  )
  const called = await direct.dispatch(handle, getUser)
  const again = await exchange(issuer, job.resourceClient, token, serverKey)
  const refreshed = await agent.refresh()
  const refreshedDirect = await direct.refresh()
  const reached = job.upstream.seen.length - before
  const text = ({ status, body }: typeof again): string => String(body['error'] ?? status)
  return {
    tool,
    'exchanged token': outcomeOf(exchanged),
    'direct call': outcomeOf(called),
    exchange: text(again),
    refresh: text(refreshed),
    'refresh of the direct token': text(refreshedDirect),
    'reached the API': reached,
  }
}

/** The MCP server alone, asked with a token that was good until the revocation. */
async function server(one: Armed): Promise<number> {
  const { status } = await listTools(job.resource, { token: one.token, key: one.agent.key })
  return status
}

const allGood = {
  tool: 'ok',
  'exchanged token': 'ok',
  'direct call': 'ok',
  exchange: '200',
  refresh: '200',
  'refresh of the direct token': '200',
  'reached the API': 3,
}

/** The tool is stopped by the MCP server's own check, or by dispatch if that is asked first. */
const stopped = expect.stringMatching(/^(401|NOT_AUTHORIZED)$/) as string

test('before anything is revoked, everybody goes on', async () => {
  expect(await goOn(ada)).toEqual(allGood)
  expect(await goOn(mallory)).toEqual(allGood)
  expect(await server(ada)).toBe(200)
})

describe('a connection', () => {
  let spare: Armed
  beforeAll(async () => {
    const added = await job.mallory.run<{ handle: string }>(
      [
        ...['connections', 'add', 'demo-api', '--base-url', job.upstream.url, '--secret-stdin'],
        ...['--methods', 'GET', '--paths', '/user', '--resources', 'direct'],
      ],
      `${job.secret}\n`,
    )
    spare = await arm(job.mallory, added.handle)
  })

  test('paused and resumed: calls stop and go on', async () => {
    await job.mallory.run(['connections', 'pause', spare.handle])
    expect(outcomeOf(await spare.direct.dispatch(spare.handle, getUser))).toBe(
      'CONNECTION_SUSPENDED',
    )
    await job.mallory.run(['connections', 'resume', spare.handle])
    expect(outcomeOf(await spare.direct.dispatch(spare.handle, getUser))).toBe('ok')
  })

  test('revoked: the next call says so, and its owner goes on with the others', async () => {
    const seen = job.upstream.seen.length
    await job.mallory.run(['connections', 'revoke', spare.handle])
    expect(outcomeOf(await spare.direct.dispatch(spare.handle, getUser))).toBe('CONNECTION_REVOKED')
    expect(job.upstream.seen.length).toBe(seen)
    expect(await goOn(mallory)).toEqual(allGood)
    expect(await goOn(ada)).toEqual(allGood)
  })
})

describe('a grant', () => {
  test('revoked: its tokens and its refresh token end, those of other grants do not', async () => {
    const victim = await arm(job.ada, job.handle)
    const grants = await job.ada.run<{ id: string; client_id: string; created_at: string }[]>([
      'grants',
      'list',
    ])
    const own = grantOf(victim.token)
    expect(grants.map(({ id }) => id)).toContain(own)
    await job.ada.run(['grants', 'revoke', own])
    expect(await goOn(victim)).toEqual({
      ...allGood,
      tool: stopped,
      'exchanged token': '401',
      exchange: 'invalid_request',
      refresh: 'invalid_grant',
      'reached the API': 1,
    })
    await sleep(maxStaleMs)
    expect(await server(victim)).toBe(401)
    expect(await goOn(mallory)).toEqual(allGood)
  })
})

describe('a client', () => {
  test('revoked: every user loses it, and other clients of the same users go on', async () => {
    const { client_id } = await job.ada.run<{ client_id: string }>(
      `clients register --name Other --redirect-uri ${redirectUri}`.split(' '),
    )
    const victims = [
      await arm(job.ada, job.handle, client_id),
      await arm(job.mallory, malloryHandle, client_id),
    ]
    ada = await arm(job.ada, job.handle)
    await job.ada.run(['clients', 'revoke', client_id])
    for (const victim of victims) {
      expect(await goOn(victim)).toEqual({
        ...allGood,
        tool: stopped,
        'exchanged token': '401',
        exchange: 'invalid_request',
        refresh: 'invalid_client',
        'reached the API': 1,
      })
    }
    await sleep(maxStaleMs)
    for (const victim of victims) expect(await server(victim)).toBe(401)
    expect(await goOn(ada)).toEqual(allGood)
    expect(await goOn(mallory)).toEqual(allGood)
  })
})

describe('a user', () => {
  test('disabled: nothing of theirs works any more, and everybody else goes on', async () => {
    const users = await job.ada.run<{ id: string; email: string }[]>(['users', 'list'])
    const id = users.find(({ email }) => email === 'mallory@example.com')?.id ?? ''
    await job.ada.run(['users', 'revoke', id])
    expect(await goOn(mallory)).toEqual({
      tool: stopped,
      'exchanged token': '401',
      'direct call': '401',
      exchange: 'invalid_request',
      refresh: 'invalid_grant',
      'refresh of the direct token': 'invalid_grant',
      'reached the API': 0,
    })
    await sleep(maxStaleMs)
    expect(await server(mallory)).toBe(401)
    const manage = await job.mallory.attempt(['connections', 'list'])
    expect(manage.code).toBe(3)
    await expect(job.mallory.login()).rejects.toThrow()
    expect(await goOn(ada)).toEqual(allGood)
  })
})

describe('a resource', () => {
  test('removed: its server can exchange and dispatch no more, and direct calls go on', async () => {
    await job.ada.run(['resources', 'remove', job.resource])
    expect(await goOn(ada)).toMatchObject({
      'exchanged token': '401',
      'direct call': 'ok',
      exchange: 'invalid_client',
      'refresh of the direct token': '200',
      'reached the API': 1,
    })
  })
})

function grantOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    'ddls:grant': string
  }
  return claims['ddls:grant']
}
