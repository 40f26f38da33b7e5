import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request } from 'undici'
import type { ClientAuth } from './python-programs.ts'
import type { Report } from './report.ts'
import { headerFormat, type Setting } from './setting.ts'
import { signIn } from './tokens.ts'
import { assertFailed, type Dispatched, dispatchedBy, textOf, use } from './tools.ts'

/** What must not work, seen through the same client. */
export async function checkRefusals(
  report: Report,
  setting: Setting,
  auth: ClientAuth,
): Promise<void> {
  const { plain, upstream, tap, issuer } = setting
  report.part('Refusals')
  await report.check('a tool whose scope was not granted', async () => {
    const text = await textOf(setting, plain.url, auth, 'nuke')
    assert.equal(text, `Tool "nuke" requires scopes: ['admin']. Missing: ['admin']`)
    return text
  })
  await report.check('a path in disguise', async () => {
    const before = upstream.seen.length
    const said = await dispatchedBy(setting, plain.url, auth, 'call_api', { path: '//evil/x' })
    assert.equal(upstream.seen.length, before)
    return assertFailed(said, 'BAD_REQUEST', false)
  })
  await report.check('a runner with another DEDALUS_AUTH_SECRET', async () => {
    const before = upstream.seen.length
    const other = randomBytes(32).toString('base64')
    const impostor = await setting.misconfigured({ secret: other })
    const said = await dispatchedBy(setting, impostor.url, auth, 'whoami')
    await impostor.stop()
    assert.equal(upstream.seen.length, before)
    assert.match(said.error?.message ?? '', /403/)
    return `${assertFailed(said, 'CONNECTION_NOT_FOUND', false)}: ${said.error?.message.slice(0, 60)}…`
  })
  await report.check('a DEDALUS_DISPATCH_URL that is spelled unlike the issuer', async () => {
    const dispatchUrl = issuer.replace('localhost', '127.0.0.1')
    const server = await setting.misconfigured({ dispatchUrl })
    const said = await dispatchedBy(setting, server.url, auth, 'whoami')
    await server.stop()
    assert.match(said.error?.message ?? '', /421/)
    return assertFailed(said, 'DOWNSTREAM_UNREACHABLE', false)
  })
  await report.check('a recorded dispatch, sent again', async () => {
    await dispatchedBy(setting, plain.url, auth, 'call_api', { path: '/text' })
    const before = upstream.seen.length
    const { headers, body } = lastDispatch(tap.captured())
    assert.ok(headers['x-dedalus-signature'])
    const answer = await request(`${issuer}/dispatch`, { method: 'POST', headers, body })
    const said = await answer.body.text()
    assert.equal(answer.statusCode, 200)
    assert.match(said, /DOWNSTREAM_RATE_LIMITED/)
    assert.match(said, /used before/)
    assert.equal(upstream.seen.length, before)
    return said
  })
  await report.check('the same request three times in one second: only told apart', async () => {
    const thrice = async (tellApart: boolean): Promise<readonly string[]> => {
      const args = { tell_apart: tellApart }
      const text = await textOf(setting, plain.url, auth, 'call_thrice', args)
      const said = JSON.parse(text) as { answers: readonly Dispatched[] }
      return said.answers.map(({ error }) => error?.code ?? 'ok')
    }
    const alike = await thrice(false)
    assert.ok(alike.includes('ok') && alike.includes('DOWNSTREAM_RATE_LIMITED'), alike.join())
    assert.deepEqual(await thrice(true), ['ok', 'ok', 'ok'])
    return `alike: ${alike.join(', ')}; with a header of their own: all ok`
  })
}

/** What ends a connection, and what comes after. */
export async function checkEnds(
  report: Report,
  setting: Setting,
  bearerToken: string,
  handle: string,
): Promise<void> {
  const { plain, upstream, ada } = setting
  let token = bearerToken
  let calls = 0
  const call = (): Promise<Dispatched> => {
    // Two equal requests of one second count as a replay.
    const path = `/user?call=${(calls += 1)}`
    return dispatchedBy(setting, plain.url, { kind: 'bearer', token }, 'call_api', { path })
  }
  report.part('The end of a connection')
  await report.check('paused by its owner', async () => {
    await ada.run(['connections', 'pause', handle])
    const outcome = assertFailed(await call(), 'CONNECTION_SUSPENDED', false)
    await ada.run(['connections', 'resume', handle])
    return outcome
  })
  await report.check('revoked by its owner', async () => {
    await ada.run(['connections', 'revoke', handle])
    return assertFailed(await call(), 'CONNECTION_REVOKED', false)
  })
  await report.check('its server still lists its tools', async () => {
    const { result } = await use(setting, plain.url, { kind: 'bearer', token })
    assert.deepEqual(result?.tools, ['whoami', 'call_api', 'call_thrice', 'nuke'])
    return result.tools.join(', ')
  })
  await report.check(
    'a new one, sealed by `holdfast connections add`, takes its place',
    async () => {
      const { handle: next } = await ada.run<{ handle: string }>(
        [
          ...['connections', 'add', 'github', '--base-url', upstream.url, '--secret-stdin'],
          ...['--kind', 'api_key', '--header', 'Authorization', '--template', headerFormat],
          ...['--methods', 'GET', '--paths', '/user', '--resources', plain.resource],
        ],
        `${setting.secret}\n`,
      )
      token = (await signIn(setting, plain.resource)).access_token
      assert.equal((await call()).response?.status, 200)
      return next
    },
  )
  await report.check('its API is down', async () => {
    await upstream.close()
    return assertFailed(await call(), 'DOWNSTREAM_UNREACHABLE', true)
  })
}

/** The last `POST /dispatch` on the wire. */
function lastDispatch(captured: Buffer): { headers: Record<string, string>; body: string } {
  const text = captured.toString('latin1')
  const start = text.lastIndexOf('POST /dispatch HTTP/1.1\r\n')
  const end = text.indexOf('\r\n\r\n', start)
  const lines = text.slice(start, end).split('\r\n').slice(1)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = Number(headers['content-length'])
  delete headers['connection']
  return { headers, body: text.slice(end + 4, end + 4 + length) }
}
