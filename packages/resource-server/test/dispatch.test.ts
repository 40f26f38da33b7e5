import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Dispatch,
  type DispatchCall,
  DispatchError,
  type ProtectedResourceOptions,
} from '../src/index.ts'
import { protectedResource } from '../src/node.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

const github = 'ddls:conn:01ABC-github'
const slack = 'ddls:conn:01DEF-slack'
let issuer: IssuerDouble
beforeEach(async () => {
  issuer = await startIssuer()
})
afterEach(() => issuer[Symbol.asyncDispose]())

const anonymous: Partial<ProtectedResourceOptions> = { revocation: false }

/** What a handler of a request with the given token gets. */
async function requestWith(
  connections: Record<string, string>,
  options: Partial<ProtectedResourceOptions> = { client },
): Promise<{ auth: VerifiedAccessToken; dispatch: Dispatch }> {
  const guard = protectedResource({ issuer: issuer.issuer, resource, ...options })
  const token = await issuer.signToken({ 'ddls:connections': connections })
  const decision = await guard.check({
    method: 'POST',
    target: '/mcp',
    header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []),
  })
  if (decision.answer !== undefined || decision.request === undefined) {
    throw new Error(`refused: ${decision.answer?.body}`)
  }
  return decision.request
}

const failure = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof DispatchError)) throw new Error('not refused', { cause: error })
  return `${error.code} ${error.retryable ? 'retryable' : 'final'}: ${error.message}`
}

const get: DispatchCall = { method: 'GET', path: '/user' }

describe('dispatch', () => {
  test('exchanges the token for one of this server and posts the wire form with a proof', async () => {
    const seen: unknown[] = []
    issuer.dispatch = (body, headers) => {
      seen.push(body, headers['content-type'])
      return {
        success: true,
        response: { status: 404, headers: { etag: '"1"' }, body: { login: 'octocat' } },
      }
    }
    const { dispatch } = await requestWith({ github })
    const response = await dispatch('github', {
      method: 'POST',
      path: '/user?x=1',
      body: { a: 1 },
      headers: { accept: 'application/json' },
      timeoutMs: 2000,
    })
    expect(response).toEqual({ status: 404, headers: { etag: '"1"' }, body: { login: 'octocat' } })
    expect(seen).toEqual([
      {
        connection_handle: github,
        request: {
          method: 'POST',
          path: '/user?x=1',
          body: { a: 1 },
          headers: { accept: 'application/json' },
          timeout_ms: 2000,
        },
      },
      'application/json',
    ])
    expect(Object.fromEntries(issuer.exchanges[0] ?? [])).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: `${issuer.issuer}/dispatch`,
      scope: 'dispatch',
    })
  })

  test('exchanges once for many calls at once and later ones', async () => {
    const { dispatch } = await requestWith({ github })
    await Promise.all(Array.from({ length: 10 }, () => dispatch(undefined, get)))
    await dispatch(undefined, get)
    expect(issuer.count('/oauth2/token')).toBe(1)
    expect(issuer.count('/dispatch')).toBe(11)
  })

  test('exchanges again when the exchanged token is about to expire', async () => {
    issuer.exchangedLifetimeSeconds = 3
    const { dispatch } = await requestWith({ github })
    await dispatch(undefined, get)
    await dispatch(undefined, get)
    expect(issuer.count('/oauth2/token')).toBe(2)
  })

  test('exchanges again, once, when the exchanged token is refused', async () => {
    const { dispatch } = await requestWith({ github })
    await dispatch(undefined, get)
    issuer.broken.set('/dispatch', 401)
    expect(await failure(dispatch(undefined, get))).toBe(
      'NOT_AUTHORIZED final: the authorization server refused the dispatch',
    )
    expect(issuer.count('/oauth2/token')).toBe(2)
    expect(issuer.count('/dispatch')).toBe(3)
  })

  test('needs no name for the only connection of a token, also after the user has granted another', async () => {
    const handles: unknown[] = []
    issuer.dispatch = (body) => {
      handles.push(Reflect.get(body as object, 'connection_handle'))
      return { success: true, response: { status: 200, headers: {}, body: null } }
    }
    issuer.granted = { github, slack }
    const { dispatch } = await requestWith({ github })
    await dispatch(undefined, get)
    await dispatch(undefined, get)
    expect(handles).toEqual([github, github])
  })

  test('finds connections by name, by their other spellings, or as the only one', async () => {
    const handles: string[] = []
    issuer.dispatch = (body) => {
      handles.push((body as { connection_handle: string }).connection_handle)
      return { success: true, response: { status: 200, headers: {}, body: null } }
    }
    const { dispatch } = await requestWith({ 'acme-github': github, slack })
    await dispatch('acme/github', get)
    await dispatch('acme-github', get)
    await dispatch('acme/slack', get)
    expect(handles).toEqual([github, github, slack])
    expect(await failure(dispatch(undefined, get))).toBe(
      "CONNECTION_AMBIGUOUS final: name one of the granted connections: ['acme-github', 'slack']",
    )
    expect(await failure(dispatch('gitlab', get))).toBe(
      "CONNECTION_NOT_FOUND final: Connection 'gitlab' not found. Available: ['acme-github', 'slack']",
    )
    for (const name of [slack, 'constructor', '__proto__', '']) {
      expect(await failure(dispatch(name, get))).toMatch(/^CONNECTION_NOT_FOUND final/)
    }
    const none = await requestWith({})
    expect(await failure(none.dispatch(undefined, get))).toMatch(/^NO_CONNECTIONS final/)
    expect(await failure(none.dispatch('github', get))).toMatch(/^NO_CONNECTIONS final/)
  })

  test('passes on the failures of the vault with their code', async () => {
    const { dispatch } = await requestWith({ github })
    for (const [code, retryable] of [
      ['CONNECTION_REVOKED', false],
      ['DOWNSTREAM_TIMEOUT', true],
      ['ENCLAVE_UNAVAILABLE', true],
    ] as const) {
      issuer.dispatch = () => ({ success: false, error: { code, message: 'why', retryable } })
      expect(await failure(dispatch(undefined, get))).toBe(
        `${code} ${retryable ? 'retryable' : 'final'}: why`,
      )
    }
  })

  test('turns every other answer of the gateway into a typed failure', async () => {
    const { dispatch } = await requestWith({ github })
    for (const answer of [null, 42, {}, { success: true, response: null }, { success: false }]) {
      issuer.dispatch = () => answer
      expect(await failure(dispatch(undefined, get))).toBe(
        'BAD_REQUEST final: the dispatch gateway answered 200 unexpectedly',
      )
    }
    for (const [status, expected] of [
      [403, 'NOT_AUTHORIZED final'],
      [429, 'GATEWAY_UNREACHABLE retryable'],
      [503, 'GATEWAY_UNREACHABLE retryable'],
      [302, 'BAD_REQUEST final'],
    ] as const) {
      issuer.broken.set('/dispatch', status)
      expect(await failure(dispatch(undefined, get))).toContain(expected)
    }
  })

  test('tells a refused exchange from an unreachable authorization server', async () => {
    const { dispatch } = await requestWith({ github })
    issuer.broken.set('/oauth2/token', 400)
    expect(await failure(dispatch(undefined, get))).toBe(
      'NOT_AUTHORIZED final: the authorization server refused to exchange the token (invalid_grant)',
    )
    issuer.broken.set('/oauth2/token', 503)
    expect(await failure(dispatch(undefined, get))).toMatch(/^GATEWAY_UNREACHABLE retryable/)
    const wrong = await requestWith(
      { github },
      { client: { ...client, secret: 'x' }, ...anonymous },
    )
    issuer.broken.clear()
    expect(await failure(wrong.dispatch(undefined, get))).toMatch(/^NOT_AUTHORIZED final/)
    await issuer[Symbol.asyncDispose]()
    expect(await failure(dispatch(undefined, get))).toMatch(/^GATEWAY_UNREACHABLE retryable/)
    issuer = await startIssuer()
  })

  test('refuses requests that could carry authority of their own, before any is sent', async () => {
    const { dispatch } = await requestWith({ github })
    for (const headers of [{ Authorization: 'x' }, { DPOP: 'x' }, { host: 'evil' }]) {
      expect(await failure(dispatch(undefined, { ...get, headers }))).toMatch(/^INVALID_REQUEST/)
    }
    for (const call of [
      { ...get, path: '' },
      { ...get, method: 'get' },
      { ...get, timeoutMs: 10 },
      { ...get, headers: { 'x-a': 'b\r\nc: d' } },
    ]) {
      expect(await failure(dispatch(undefined, call as DispatchCall))).toMatch(/^INVALID_REQUEST/)
    }
    expect(issuer.count('/oauth2/token')).toBe(0)
  })

  test('gives up when the caller does, with the reason of the caller', async () => {
    const { dispatch } = await requestWith({ github })
    const signal = AbortSignal.abort(new Error('user left'))
    await expect(dispatch(undefined, { ...get, signal })).rejects.toThrow('user left')
  })

  test('says what is missing when the server has no client', async () => {
    const { dispatch } = await requestWith({ github }, anonymous)
    expect(await failure(dispatch(undefined, get))).toMatch(/^NOT_CONFIGURED final/)
  })
})
