/** Keys in every place of a request, against a real TLS server that checks them. */
import type { IncomingMessage } from 'node:http'
import type { CredentialKind, RecordContext } from '@holdfast/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Call, type Rig, startRig } from './helpers/rig.ts'

const secret = 'k3y&=+/?#%"\\;$&é-42'
const redaction = '[redacted by holdfast]'

let rig: Rig
let context: RecordContext
let requests = 0
let seen: { request: IncomingMessage; url: URL; body: string }

beforeAll(async () => {
  rig = await startRig()
  ;({ context } = rig)
})
afterAll(() => rig.close())
beforeEach(() => {
  requests = 0
  rig.upstream.handler = (request, response, body) => {
    requests++
    const url = new URL(request.url ?? '', 'https://upstream.example')
    seen = { request, url, body: body.toString() }
    response.end('ok')
  }
})

const store = (
  credential: CredentialKind,
  secrets: Record<string, string | Uint8Array> = { api_key: secret },
  basePath = '',
): Promise<Uint8Array> =>
  rig.store({ credential, secrets, baseUrl: `https://${rig.upstream.authority}${basePath}` })

const call = (
  record: Uint8Array,
  request: Omit<Call, 'record' | 'context'> = {},
): ReturnType<Rig['call']> => rig.call({ record, context, ...request })

const query = { kind: 'api_key', in: 'query', name: 'api_key' } as const
const cookie = { kind: 'api_key', in: 'cookie', name: 'session' } as const
const prefix = { kind: 'api_key', in: 'path', template: '/bot{api_key}' } as const
const segment = { kind: 'api_key', in: 'path', template: '{api_key}', segment: 2 } as const
const json = { kind: 'api_key', in: 'body', format: 'json', name: 'api_key' } as const
const form = { kind: 'api_key', in: 'body', format: 'form', name: 'api_key' } as const

describe('a key', () => {
  it.each([
    ['/x', '/x'],
    ['/x?', '/x'],
    ['/x?a=1&b=%2F+%20', '/x'],
    ['/', '/'],
  ])('reaches the query of %s', async (path, pathname) => {
    await call(await store(query), { path })
    expect(seen.url.pathname).toBe(pathname)
    expect(seen.url.searchParams.getAll('api_key')).toEqual([secret])
    const own = path.split('?')[1] ?? ''
    expect(seen.request.url).toMatch(new RegExp(`\\?${own === '' ? '' : '.*&'}api_key=[^&+]*$`))
    expect(seen.request.url?.replaceAll('%20', '+')).toContain(own.replaceAll('%20', '+'))
  })

  it('reaches the query with a template', async () => {
    const templated = { ...query, name: 'auth', template: 'Key {api_key}' }
    await call(await store(templated), { path: '/x?api_key=mine' })
    expect(seen.url.searchParams.get('auth')).toBe(`Key ${secret}`)
    expect(seen.url.searchParams.get('api_key')).toBe('mine')
  })

  it('that looks like a slot stays as it is: a template is filled once', async () => {
    const filling = (template: string): CredentialKind => ({
      kind: 'fields',
      fields: ['app_id', 'app_key'],
      inject: [{ in: 'header', name: 'x-auth', template }],
    })
    const secrets = { app_id: '{app_key}{app_id}', app_key: '$&{app_id}$1' }
    await expect(store(filling('{app_id}{app_key}{x}'), secrets)).rejects.toThrow('not declared')
    await call(await store(filling('{app_id}/{app_key}'), secrets))
    expect(seen.request.headers['x-auth']).toBe('{app_key}{app_id}/$&{app_id}$1')
  })

  it('reaches a cookie', async () => {
    await call(await store(cookie, { api_key: 'abc=/+:%20' }))
    expect(seen.request.headers.cookie).toBe('session=abc=/+:%20')
  })

  it.each([
    ['/getMe', '/api/bot123:A-b_c/getMe'],
    ['/send?x=1', '/api/bot123:A-b_c/send?x=1'],
    ['/', '/api/bot123:A-b_c'],
    ['/?x=1', '/api/bot123:A-b_c?x=1'],
  ])('reaches the path before %s', async (path, target) => {
    await call(await store(prefix, { api_key: '123:A-b_c' }, '/api'), { path })
    expect(seen.request.url).toBe(target)
  })

  it('reaches a segment of the path, and cannot leave it', async () => {
    await call(await store(segment, { api_key: '../x/%2e?y#;z' }), {
      path: '/v6/{api_key}/latest/USD?a={api_key}',
    })
    expect(seen.request.url).toBe('/v6/..%2Fx%2F%252e%3Fy%23%3Bz/latest/USD?a={api_key}')
  })

  it('is asked about by its policy without the secret part', async () => {
    const bound = {
      ...context,
      policy: { methods: ['*' as const], paths: ['/v6/{api_key}/latest/*'], resources: ['*'] },
    }
    const record = await rig.store({
      credential: segment,
      secrets: { api_key: 'k' },
      context: bound,
    })
    await rig.call({ record, context: bound, path: '/v6/{api_key}/latest/USD' })
    expect(seen.request.url).toBe('/v6/k/latest/USD')
    await expect(
      rig.call({ record, context: bound, path: '/v6/{api_key}/quota' }),
    ).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
  })

  it.each([
    ['no body', undefined, {}],
    ['an empty object', ' { } ', {}],
    [
      'an object',
      '{"a":{"api_key":1},"b":[{"api_key":2}]}',
      { a: { api_key: 1 }, b: [{ api_key: 2 }] },
    ],
  ])('reaches a JSON body in place of %s', async (_what, body, rest) => {
    await call(await store(json), {
      method: 'POST',
      ...(body !== undefined && { body: Buffer.from(body) }),
    })
    expect(JSON.parse(seen.body)).toEqual({ api_key: secret, ...rest })
    expect(seen.request.headers['content-type']).toBe('application/json')
    expect(seen.request.headers['content-length']).toBe(String(Buffer.byteLength(seen.body)))
  })

  it.each([
    ['no body', undefined, ''],
    ['a form', 'a=1&b=%26', 'a=1&b=%26&'],
  ])('reaches a form in place of %s', async (_what, body, rest) => {
    await call(await store(form), {
      method: 'POST',
      ...(body !== undefined && { body: Buffer.from(body) }),
    })
    expect(seen.body.startsWith(`${rest}api_key=`)).toBe(true)
    expect(new URLSearchParams(seen.body).getAll('api_key')).toEqual([secret])
    expect(seen.request.headers['content-type']).toBe('application/x-www-form-urlencoded')
  })

  it('of several fields reaches several places at once', async () => {
    const record = await store(
      {
        kind: 'fields',
        fields: ['app_id', 'app_key', 'team'],
        inject: [
          { in: 'header', name: 'DD-Application', template: '{app_id}:{app_key}' },
          { in: 'header', name: 'X-Team', template: '{team}' },
          { in: 'query', name: 'key', template: '{app_key}' },
          { in: 'cookie', name: 'a', template: '{app_id}' },
          { in: 'cookie', name: 'b', template: '{team}' },
          { in: 'path', template: '/t/{team}/{app_id}' },
          { in: 'body', format: 'json', name: 'id', template: '{app_id}' },
          { in: 'body', format: 'json', name: 'key', template: '{app_key}' },
        ],
      },
      { app_id: 'the-app-id', app_key: 'the-app-key', team: 'the-team' },
    )
    await call(record, { method: 'POST', path: '/x', body: Buffer.from('{"z":1}') })
    expect(seen.request.url).toBe('/t/the-team/the-app-id/x?key=the-app-key')
    expect(seen.request.headers).toMatchObject({
      'dd-application': 'the-app-id:the-app-key',
      'x-team': 'the-team',
      cookie: 'a=the-app-id; b=the-team',
    })
    expect(JSON.parse(seen.body)).toEqual({ id: 'the-app-id', key: 'the-app-key', z: 1 })
  })

  it.each([
    [{ username: 'key' }, 'key:'],
    [{ password: 'key' }, ':key'],
  ])('takes the place of user name or password %j', async (secrets, pair) => {
    await call(await store({ kind: 'basic' }, secrets))
    expect(seen.request.headers.authorization).toBe(`Basic ${Buffer.from(pair).toString('base64')}`)
  })

  it('keeps parallel calls with different keys apart', async () => {
    rig.upstream.handler = (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'https://upstream.example')
      response.end(String(searchParams.get('api_key') === `key-${searchParams.get('n')}`))
    }
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const record = await store(query, { api_key: `key-${index}` })
        return (await call(record, { path: `/?n=${index}` })).body.toString()
      }),
    )
    expect(new Set(answers)).toEqual(new Set(['true']))
  })
})

const encode = (text: string): Buffer => Buffer.from(text)
const header = {
  kind: 'api_key',
  header_name: 'X-Api-Key',
  header_template: '{api_key}',
} as const

describe('a caller cannot fill the place of the credential', () => {
  const attacks: [string, CredentialKind, Omit<Call, 'record' | 'context'>][] = [
    ['the header in other letters', header, { headers: { 'X-API-KEY': 'x' } }],
    ['the header with underscores, as CGI reads it', header, { headers: { x_api_key: 'x' } }],
    ['the header with one underscore', header, { headers: { 'X-Api_Key': 'x' } }],
    ['a forbidden header with an underscore', header, { headers: { proxy_authorization: 'x' } }],
    ['the parameter', query, { path: '/?api_key=x' }],
    ['the parameter without a value', query, { path: '/?api_key' }],
    ['the parameter after another', query, { path: '/?a=1&api_key=x' }],
    ['the parameter in other letters', query, { path: '/?API_Key=x' }],
    ['the parameter with its name encoded', query, { path: '/?%61pi_key=x' }],
    ['the parameter with its name encoded twice', query, { path: '/?%2561pi_key=x' }],
    ['the parameter as an array', query, { path: '/?api_key[]=x' }],
    ['the parameter as an encoded array', query, { path: '/?api_key%5B0%5D=x' }],
    ['the parameter as PHP reads it', query, { path: '/?api.key=x' }],
    ['the parameter with a blank before it', query, { path: '/?+api_key=x' }],
    ['the parameter cut by NUL', query, { path: '/?api_key%00z=x' }],
    ['the parameter after a semicolon', query, { path: '/?a=1;api_key=x' }],
    ['the parameter in full-width letters', query, { path: '/?%EF%BD%81pi_key=x' }],
    ['a cookie', cookie, { headers: { cookie: 'session=x' } }],
    ['a cookie in other letters', cookie, { headers: { Cookie: 'a=x' } }],
    ['another segment than the sealed one', segment, { path: '/{api_key}/x' }],
    ['no segment at all', segment, { path: '/v6/x' }],
    ['the encoded segment', segment, { path: '/v6/%7Bapi_key%7D' }],
    ['more around the segment', segment, { path: '/v6/x{api_key}' }],
    ['the field', json, { body: encode('{"api_key":"x"}') }],
    ['the field in other letters', json, { body: encode('{"API_KEY":"x"}') }],
    ['the field with its name escaped', json, { body: encode('{"\\u0061pi_key":"x"}') }],
    ['the field in letters that Go folds', json, { body: encode('{"api_\u212Aey":"x"}') }],
    ['the field, as an array', json, { body: encode('{"api_key":["x"]}') }],
    ['the field behind another', json, { body: encode('{"a":1,"api_key":"x"}') }],
    ['an array in place of an object', json, { body: encode('[{"api_key":"x"}]') }],
    ['text in place of an object', json, { body: encode('"x"') }],
    ['null in place of an object', json, { body: encode('null') }],
    ['two objects', json, { body: encode('{}{"api_key":"x"}') }],
    ['a comment that hides the field', json, { body: encode('{/*"a":*/"api_key":"x"}') }],
    ['a byte order mark', json, { body: encode('\uFEFF{"api_key":"x"}') }],
    ['UTF-16', json, { body: Buffer.from('{"api_key":"x"}', 'utf16le') }],
    ['bytes that are no UTF-8', json, { body: Buffer.from('{"a\xff":1}', 'latin1') }],
    [
      'a body said to be something else',
      json,
      { body: encode('{"a":1}'), headers: { 'content-type': 'text/plain' } },
    ],
    [
      'a body said to be in another character set',
      json,
      { body: encode('{"a":1}'), headers: { 'content-type': 'application/json; charset=utf-7' } },
    ],
    [
      'a compressed body',
      json,
      { body: encode('{"a":1}'), headers: { 'content-encoding': 'gzip' } },
    ],
    ['a body where there is none', json, { method: 'GET' }],
    ['the field of a form', form, { body: encode('api_key=x') }],
    ['the field of a form, encoded', form, { body: encode('a=1&%61pi%5Fkey=x') }],
    ['the field of a form, as an array', form, { body: encode('api_key[]=x') }],
    ['a form with raw bytes', form, { body: encode('api_key\n=x') }],
    [
      'another body than a form',
      form,
      {
        body: encode('--b\r\ncontent-disposition: form-data; name="api_key"\r\n\r\nx\r\n--b--'),
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      },
    ],
  ]
  it.each(attacks)('by %s', async (_what, credential, attempt) => {
    const secrets = { api_key: credential === cookie ? 'cookie-secret' : secret }
    const record = await store(credential, secrets)
    const before = rig.upstream.wire().length
    await expect(
      call(record, { method: 'body' in attempt ? 'POST' : 'GET', ...attempt }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(requests).toBe(0)
    expect(rig.upstream.wire().length).toBe(before)
  })

  it('but may use names that only look alike', async () => {
    await call(await store(query), { path: '/?api_keys=1&xapi_key=2&filter[api_key]=3' })
    await call(await store(json), {
      method: 'POST',
      body: encode('{"api_keys":1,"x":{"api_key":2}}'),
    })
    await call(await store(header), { headers: { 'x-api-keys': '1' } })
    expect(requests).toBe(3)
  })
})

describe('an echo', () => {
  const percent = encodeURIComponent(secret)
  it.each([
    ['query', query, {}],
    ['form', form, { method: 'POST' }],
    ['JSON body', json, { method: 'POST' }],
    ['path', segment, { path: '/v6/{api_key}' }],
  ] as const)(
    'of a key from the %s is removed from headers and body',
    async (_place, kind, how) => {
      rig.upstream.handler = (request, response, body) => {
        response.setHeader('location', `https://elsewhere.example${request.url}`)
        response.setHeader('link', `<https://next.example/?page=2&api_key=${percent}>; rel="next"`)
        response.setHeader('x-form', new URLSearchParams({ a: secret }).toString())
        response.writeHead(302)
        response.end(
          `${request.url} ${body.toString()} ${JSON.stringify(secret)} ${encodeURIComponent(percent)}`,
        )
      }
      const { head, body } = await call(await store(kind), how)
      const text = `${JSON.stringify(head)}${body.toString()}`
      expect(head.status).toBe(302)
      expect(head.headers['link']).toContain(`api_key=${redaction}`)
      expect(text).toContain(redaction)
      for (const form_ of [secret, percent, encodeURIComponent(percent), 'k3y', '-42']) {
        expect(text).not.toContain(form_)
      }
    },
  )
})

describe('upload refuses what would fail at first use', () => {
  const fault = async (
    credential: CredentialKind,
    secrets: Record<string, string | Uint8Array>,
  ): Promise<unknown> => store(credential, secrets).catch((error: unknown) => error)

  it.each<[string, CredentialKind, Record<string, string | Uint8Array>, RegExp]>([
    ['a cookie that ends early', cookie, { api_key: 'a;b' }, /percent-encode/],
    [
      'a path that is a dot segment',
      { ...prefix, template: '/{api_key}' },
      { api_key: '..' },
      /path/,
    ],
    ['a header that starts with a blank', header, { api_key: ' key' }, /blank/],
    ['JSON that is no text', json, { api_key: new Uint8Array([0xff, 0x41]) }, /UTF-8/],
    ['a header of HTTP itself', { ...header, header_name: 'Host' }, { api_key: 'k' }, /header/],
    [
      'a header that hides from the scrub',
      { ...header, header_name: 'Accept_Encoding' },
      { api_key: 'k' },
      /header/,
    ],
  ])('%s', async (_what, credential, secrets, message) => {
    expect(await fault(credential, secrets)).toMatchObject({
      code: 'INVALID_ENVELOPE',
      message: expect.stringMatching(message) as string,
    })
  })
})
