/** P4, P5: what somebody gains who copies a token or a proof, on the running product. */
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Agent,
  type Answer,
  dispatch,
  exchange,
  listTools,
  outcomeOf,
  type Proof,
  signInAgent,
  tokenRequest,
} from './helpers/agent.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'

/** As short as the server allows, so that one test can see a token expire. */
const tokenSeconds = 30
const getUser = { method: 'GET', path: '/user' }

let job: MainJob
let issuer: string
let agent: Agent
let direct: Agent
let serverKey: DpopKey
let thief: DpopKey
let foreignClient: { id: string; secret: string }
let expiring: { token: string; key: DpopKey }
const foreignResource = 'http://localhost:9/other'

beforeAll(async () => {
  job = await doMainJob(undefined, {
    settings: { HOLDFAST_ACCESS_TOKEN_TTL_SECONDS: String(tokenSeconds) },
  })
  issuer = job.stack.issuer
  const parties = { issuer, authorize: job.ada.authorize }
  agent = await signInAgent({
    ...parties,
    clientId: job.agentClientId,
    redirectUri: 'http://127.0.0.1/callback',
    resource: job.resource,
    scope: 'tools:call',
  })
  direct = await signInAgent({
    ...parties,
    clientId: 'holdfast-cli',
    redirectUri: 'http://127.0.0.1/callback',
    resource: `${issuer}/dispatch`,
    scope: 'dispatch',
  })
  const other = await job.ada.run<{ client_id: string; client_secret: string }>(
    `resources add ${foreignResource} --name Other --scope tools:call=Tools`.split(' '),
  )
  foreignClient = { id: other.client_id, secret: other.client_secret }
  serverKey = await generateDpopKey()
  thief = await generateDpopKey()
  expiring = { token: agent.accessToken(), key: agent.key }
}, 120_000)

afterAll(() => job.close())

/** A token that lives for the next half minute. */
async function fresh(of: Agent): Promise<string> {
  expect((await of.refresh()).status).toBe(200)
  return of.accessToken()
}

async function exchanged(): Promise<string> {
  const answer = await exchange(issuer, job.resourceClient, await fresh(agent), serverKey)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return String(answer.body['access_token'])
}

const challenge = ({ headers }: Answer): string => String(headers['www-authenticate'])

/** Every way to show a stolen token at `url`, whose rightful owner proves it by `own`. */
function thefts(
  url: string,
  own: DpopKey,
  token: string,
): Record<string, () => Promise<Proof> | Proof> {
  const valid = { method: 'POST', url, accessToken: token, key: own }
  return {
    'as a bearer token, without any proof': () => ({ token }),
    'as DPoP, without any proof': () => ({ token, scheme: 'DPoP' }),
    "with a proof of the thief's own key": () => ({ token, key: thief }),
    'with a proof for another URL': () => ({ token, key: own, url: `${issuer}/elsewhere` }),
    'with a proof for another method': () => ({ token, key: own, method: 'GET' }),
    'with a proof that names no token': () => ({ token, key: own, ath: 'none' }),
    'with a proof that names another token': () => ({ token, key: own, ath: `${token}x` }),
    'with a proof as old as two minutes': async () => ({
      token,
      proof: await createDpopProof({ ...valid, now: () => Date.now() - 120_000 }),
    }),
    'with a valid proof, but as Bearer': async () => ({
      token,
      scheme: 'Bearer',
      proof: await createDpopProof(valid),
    }),
  }
}

describe('at the MCP server', () => {
  test('the rightful agent gets in', async () => {
    const answer = await listTools(job.resource, { token: await fresh(agent), key: agent.key })
    expect(answer.status).toBe(200)
  })

  test('a stolen token is refused in every way to use it', async () => {
    const token = await fresh(agent)
    const outcomes: Record<string, number> = {}
    for (const [how, make] of Object.entries(thefts(job.resource, agent.key, token))) {
      outcomes[how] = (await listTools(job.resource, await make())).status
    }
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(outcomes).map((how) => [how, 401])))
  })

  test('a proof works once', async () => {
    const token = await fresh(agent)
    const proof = await createDpopProof({
      ...{ key: agent.key, method: 'POST', url: job.resource, accessToken: token },
    })
    expect((await listTools(job.resource, { token, proof })).status).toBe(200)
    const again = await listTools(job.resource, { token, proof })
    expect(again.status).toBe(401)
    expect(challenge(again)).toContain('invalid_dpop_proof')
  })

  test('a token of another resource is refused', async () => {
    const token = await fresh(direct)
    const answer = await listTools(job.resource, { token, key: direct.key })
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toContain('invalid_token')
  })

  test('a token with a changed claim is refused', async () => {
    const [head = '', claims = '', signature = ''] = (await fresh(agent)).split('.')
    const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'usr_other' }
    const token = [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature]
    const answer = await listTools(job.resource, { token: token.join('.'), key: agent.key })
    expect(answer.status).toBe(401)
  })
})

describe('at dispatch', () => {
  test('the rightful parties get in: the MCP server for its user, and the user directly', async () => {
    const seen = job.upstream.seen.length
    const token = await exchanged()
    expect(outcomeOf(await dispatch(issuer, { token, key: serverKey }, job.handle, getUser))).toBe(
      'ok',
    )
    await fresh(direct)
    expect(outcomeOf(await direct.dispatch(job.handle, getUser))).toBe('ok')
    expect(job.upstream.seen.length).toBe(seen + 2)
  })

  test("the user's own token is of no use there, with the agent's key or without", async () => {
    const token = await fresh(agent)
    for (const proof of [{ token }, { token, key: agent.key }, { token, key: thief }]) {
      const answer = await dispatch(issuer, proof, job.handle, getUser)
      expect(answer.status).toBe(401)
    }
  })

  test('an exchanged token stolen from the MCP server is refused in every way to use it', async () => {
    const seen = job.upstream.seen.length
    const token = await exchanged()
    const outcomes: Record<string, number> = {}
    for (const [how, make] of Object.entries(thefts(`${issuer}/dispatch`, serverKey, token))) {
      outcomes[how] = (await dispatch(issuer, await make(), job.handle, getUser)).status
    }
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(outcomes).map((how) => [how, 401])))
    expect(job.upstream.seen.length).toBe(seen)
  })

  test('a proof works once', async () => {
    const token = await exchanged()
    const url = `${issuer}/dispatch`
    const proof = await createDpopProof({ key: serverKey, method: 'POST', url, accessToken: token })
    expect(outcomeOf(await dispatch(issuer, { token, proof }, job.handle, getUser))).toBe('ok')
    expect((await dispatch(issuer, { token, proof }, job.handle, getUser)).status).toBe(401)
  })

  test('a handle that the token does not name answers as one that does not exist', async () => {
    const mine = await job.mallory.run<{ handle: string }>(
      [
        ...['connections', 'add', 'demo-api', '--base-url', job.upstream.url, '--secret-stdin'],
        ...['--methods', 'GET', '--paths', '/**', '--resources', `direct,${job.resource}`],
      ],
      'a-key-of-mallory\n',
    )
    const token = await exchanged()
    const unknown = `${mine.handle.slice(0, 14)}0${mine.handle.slice(15)}`
    const [foreign, missing] = await Promise.all(
      [mine.handle, unknown].map((handle) =>
        dispatch(issuer, { token, key: serverKey }, handle, getUser),
      ),
    )
    expect(foreign?.body).toEqual(missing?.body)
    expect(outcomeOf(foreign!)).toBe('CONNECTION_NOT_FOUND')
  })

  test.each([
    ['a method', { method: 'DELETE', path: '/user' }],
    ['a path', { method: 'GET', path: '/status/200' }],
    ['a path in disguise', { method: 'GET', path: '/user/../status/200' }],
    ['a path with an encoded slash', { method: 'GET', path: '/user%2f..%2fstatus/200' }],
  ])('%s that the policy does not allow never reaches the API', async (_what, call) => {
    const seen = job.upstream.seen.length
    const token = await exchanged()
    const answer = await dispatch(issuer, { token, key: serverKey }, job.handle, call)
    expect(outcomeOf(answer)).toBeOneOf(['BAD_REQUEST', 'INVALID_REQUEST'])
    expect(job.upstream.seen.length).toBe(seen)
  })
})

describe('at the token endpoint', () => {
  test("a foreign resource's client cannot exchange a token that is not for it", async () => {
    const answer = await exchange(issuer, foreignClient, await fresh(agent), thief)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ error: 'invalid_request' })
  })

  test('no exchange without the right secret, nor without a proof', async () => {
    const token = await fresh(agent)
    const wrong = { ...job.resourceClient, secret: foreignClient.secret }
    expect((await exchange(issuer, wrong, token, thief)).status).toBe(401)
    const bare = await exchange(issuer, job.resourceClient, token)
    expect(bare.body).toMatchObject({ error: 'invalid_dpop_proof' })
  })

  test('an exchanged token cannot be exchanged again, nor one of the management API', async () => {
    for (const token of [await exchanged(), await fresh(direct)]) {
      const answer = await exchange(issuer, job.resourceClient, token, serverKey)
      expect(answer.body).toMatchObject({ error: 'invalid_request' })
    }
  })

  test('an exchanged token lives no longer than the one that it was made of', async () => {
    const subject = await fresh(agent)
    const answer = await exchange(issuer, job.resourceClient, subject, serverKey)
    const exp = (jwt: string): number =>
      (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { exp: number })
        .exp
    expect(exp(String(answer.body['access_token']))).toBeLessThanOrEqual(exp(subject))
  })

  test('a stolen refresh token needs the key that it is bound to', async () => {
    const form = {
      ...{ grant_type: 'refresh_token', refresh_token: agent.refreshToken() },
      ...{ client_id: job.agentClientId, resource: job.resource },
    }
    const answer = await tokenRequest(issuer, form, { key: thief })
    expect(answer.status).toBe(400)
    expect(answer.body['access_token']).toBeUndefined()
    expect((await agent.refresh()).status).toBe(200)
  })
})

test('an expired token is refused at both doors and cannot be exchanged', async () => {
  const { token, key } = expiring
  await expect
    .poll(async () => (await listTools(job.resource, { token, key })).status, {
      timeout: 60_000,
      interval: 1000,
    })
    .toBe(401)
  const answer = await exchange(issuer, job.resourceClient, token, serverKey)
  expect(answer.body).toMatchObject({ error: 'invalid_request' })
  expect(JSON.stringify(answer.body)).toContain('expired')
}, 90_000)
