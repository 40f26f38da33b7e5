import assert from 'node:assert/strict'
import { findInBytes, needlesOf } from '../../helpers/canary.ts'
import type { SeenRequest } from '../../helpers/upstream.ts'
import { type ClientAuth, resultOf } from './python-programs.ts'
import type { Report } from './report.ts'
import { headerFormat, type InteropServer, type Setting } from './setting.ts'
import { claimsOf, signIn } from './tokens.ts'
import { assertFailed, type Dispatched, dispatchedBy, textOf, use } from './tools.ts'

/** Tools that use the API, with a bearer token, with a bound one, and self-configured. */
export async function checkDispatch(
  report: Report,
  setting: Setting,
  handle: string,
): Promise<string> {
  const { client, plain, bound, automatic } = setting
  report.part('Dispatch')
  const { access_token: token, token_type: type } = await signIn(setting, plain.resource)
  const bearer = { kind: 'bearer', token } as const
  await report.check(
    'code flow without a proof: a bearer token that names the handle',
    async () => {
      assert.equal(type, 'Bearer')
      const claims = claimsOf(token)
      assert.equal(claims['cnf'], undefined)
      assert.deepEqual(claims['ddls:connections'], { github: handle })
      return `ddls:connections ${JSON.stringify(claims['ddls:connections'])}`
    },
  )
  await report.check('BearerAuth → tool → ctx.dispatch → API, once, with its key', () =>
    callsOnce(setting, plain, bearer),
  )

  const { result: key } = await client.step<{ thumbprint: string }>('new_key', { name: 'agent' })
  const tokens = await signIn(setting, bound.resource, 'agent')
  const proving = { kind: 'dpop', token: tokens.access_token, key: 'agent' } as const
  await report.check('code flow with a Dedalus proof: bound to its key', async () => {
    assert.equal(tokens.token_type, 'DPoP')
    const { jkt } = claimsOf(tokens.access_token)['cnf'] as { jkt: string }
    assert.equal(jkt, key?.thumbprint)
    return `cnf.jkt ${jkt}`
  })
  await report.check('the older token endpoint, with a proof for its own URL', async () => {
    const again = await signIn(setting, bound.resource, 'agent', '/token')
    assert.equal(again.token_type, 'DPoP')
    return '/token'
  })
  await report.check('DPoPAuth at a server with require_dpop → API, once, with its key', () =>
    callsOnce(setting, bound, proving),
  )
  await report.check('BearerAuth at a server with require_dpop is refused', async () => {
    const { error } = await use(setting, bound.url, { kind: 'bearer', token: tokens.access_token })
    assert.equal(error?.type, 'AuthRequiredError')
    return error.type
  })
  await report.check('a server that configures itself from authorization_server', async () => {
    const own = await signIn(setting, automatic.resource)
    return callsOnce(setting, automatic, { kind: 'bearer', token: own.access_token })
  })
  await report.check(
    'it lets tokens of other servers in; Holdfast dispatches for none',
    async () => {
      const { upstream } = setting
      const before = upstream.seen.length
      const { tools } = resultOf(await use(setting, automatic.url, bearer))
      const said = await dispatchedBy(setting, automatic.url, bearer, 'whoami')
      assert.equal(upstream.seen.length, before)
      return `${tools.length} tools; ${assertFailed(said, 'CONNECTION_REVOKED', false)}`
    },
  )
  await checkAnswers(report, setting, bearer)
  return token
}

/** What the API may answer, as the tool gets it. */
async function checkAnswers(report: Report, setting: Setting, auth: ClientAuth): Promise<void> {
  const { plain, upstream } = setting
  const call = (args: object): Promise<Dispatched> =>
    dispatchedBy(setting, plain.url, auth, 'call_api', args)
  await report.check('an API that echoes its key: the tool finds none', async () => {
    const text = await textOf(setting, plain.url, auth, 'call_api', { path: '/echo-headers' })
    assert.equal((JSON.parse(text) as Dispatched).response?.status, 200)
    assert.deepEqual(findInBytes('the answer', Buffer.from(text), needlesOf(setting.secret)), [])
    return `${text.length} characters`
  })
  await report.check('bodies: object, null, scalar, text, bytes', async () => {
    const body = { title: 'Bug é', n: 1, nested: [true, null] }
    const echoed = await call({ path: '/echo', method: 'POST', body })
    assert.deepEqual(echoed.response?.body, body)
    const sent = upstream.seen.at(-1)?.rawHeaders.filter((name) => /^content-type$/i.test(name))
    assert.equal(sent?.length, 1)
    assert.equal((await call({ path: '/empty' })).response?.body, null)
    assert.equal((await call({ path: '/scalar' })).response?.body, '42')
    assert.equal((await call({ path: '/text' })).response?.body, 'plain text, no JSON')
    const bytes = await call({ path: '/bytes/3' })
    assert.equal(bytes.response?.body, 'eHh4')
    return 'as the tool expects them; bytes as base64'
  })
  await report.check('404 and 302 of the API are answers', async () => {
    assert.equal((await call({ path: '/status/404' })).response?.status, 404)
    assert.equal((await call({ path: '/redirect' })).response?.status, 302)
    return 'success, with that status'
  })
  await report.check('a query arrives as the client wrote it', async () => {
    assert.equal((await call({ path: '/user?q=a b(c)"d' })).success, true)
    assert.equal(upstream.seen.at(-1)?.path, '/user?q=a%20b%28c%29%22d')
    return upstream.seen.at(-1)?.path ?? ''
  })
  await report.check('a slow API', async () =>
    assertFailed(
      await call({ path: '/slow?ms=20000', timeout_ms: 1000 }),
      'DOWNSTREAM_TIMEOUT',
      true,
    ),
  )
}

/** Calls `whoami` and looks at what reached the API. */
async function callsOnce(
  setting: Setting,
  server: InteropServer,
  auth: ClientAuth,
): Promise<string> {
  const { upstream, secret } = setting
  const before = upstream.seen.length
  const said = await dispatchedBy(setting, server.url, auth, 'whoami')
  assert.deepEqual(said.response?.body, { id: 1, login: 'octo', name: 'Octo Cat' })
  assert.deepEqual(
    findInBytes('the answer', Buffer.from(JSON.stringify(said)), needlesOf(secret)),
    [],
  )
  const seen = upstream.seen.slice(before)
  assert.equal(seen.length, 1)
  const [request] = seen as [SeenRequest]
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0)
  assert.equal(
    request.headers['authorization'],
    headerFormat.replace('{api_key}', () => secret),
  )
  assert.equal(names.filter((name) => /^authorization$/i.test(name)).length, 1)
  assert.deepEqual(
    names.filter((name) => /^(?:x-dedalus-|dpop$)/i.test(name)),
    [],
  )
  return `${request.method} ${request.path}, headers ${names.join(', ')}`
}
