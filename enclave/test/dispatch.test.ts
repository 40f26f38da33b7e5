import { readFileSync } from 'node:fs'
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import type { RecordContext } from '@holdfast/protocol'
import { dispatchUrl, type Rig, startRig } from './helpers/rig.ts'

// The dollar signs catch String.replace, which expands them.
const secret = 'k3y$&$$-Zf"9/\\q+Ünïcode'
const secretBytes = Buffer.from(secret)
const redaction = '[redacted by holdfast]'

const vectorsPath = '../../packages/protocol/test/vectors/dedalus-wire.json'
const wireVectors = JSON.parse(readFileSync(new URL(vectorsPath, import.meta.url), 'utf8')) as {
  readonly query_encoding: readonly { readonly wire_path: string }[]
}

let rig: Rig
let record: Uint8Array
let context: RecordContext

beforeAll(async () => {
  rig = await startRig()
  ;({ context } = rig)
  record = await rig.store({
    credential: {
      kind: 'api_key',
      header_name: 'X-Api-Key',
      header_template: 'Key {api_key}; twice={api_key}',
    },
    secrets: { api_key: secret },
  })
})
afterAll(() => rig.close())
beforeEach(() => {
  rig.upstream.handler = (_request, response) => response.end('ok')
})

describe('injection', () => {
  const cases = {
    'api key': {
      credential: {
        kind: 'api_key',
        header_name: 'X-Api-Key',
        header_template: 'a {api_key} b{api_key}',
      },
      secrets: { api_key: secret },
      line: Buffer.from(`X-Api-Key: a ${secret} b${secret}\r\n`),
    },
    bearer: {
      credential: { kind: 'bearer' },
      secrets: { token: 'tok_$&' },
      line: Buffer.from('authorization: Bearer tok_$&\r\n'),
    },
    basic: {
      credential: { kind: 'basic' },
      secrets: { username: 'ann', password: `p:${secret}` },
      line: Buffer.from(
        `authorization: Basic ${Buffer.from(`ann:p:${secret}`).toString('base64')}\r\n`,
      ),
    },
    'one byte': {
      credential: { kind: 'bearer' },
      secrets: { token: 'x' },
      line: Buffer.from('authorization: Bearer x\r\n'),
    },
    'bytes that are no text': {
      credential: { kind: 'bearer' },
      secrets: { token: new Uint8Array([0xff, 0xfe, 0x80, 0x41]) },
      line: Buffer.concat([
        Buffer.from('authorization: Bearer '),
        Buffer.from([0xff, 0xfe, 0x80, 0x41, 13, 10]),
      ]),
    },
  } as const
  it.each(Object.entries(cases))(
    'puts %s on the wire byte for byte',
    async (_name, { credential, secrets, line }) => {
      const stored = await rig.store({ credential, secrets })
      const before = rig.upstream.wire().length
      await rig.call({
        record: stored,
        context,
        method: 'POST',
        path: '/x',
        body: Buffer.from('{"a":1}'),
      })
      const sent = rig.upstream.wire().subarray(before)
      expect(sent.includes(line)).toBe(true)
      expect(sent.includes('holdfast-')).toBe(false)
      expect(sent.toString('latin1')).toMatch(/\r\ncontent-length: 7\r\n[^]*\{"a":1\}$/)
    },
  )

  it('keeps parallel calls with different credentials apart', async () => {
    rig.upstream.handler = (request, response) => {
      response.end(
        String(request.headers.authorization === `Bearer token-number-${request.url?.slice(1)}`),
      )
    }
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const stored = await rig.store({
          credential: { kind: 'bearer' },
          secrets: { token: `token-number-${index}` },
        })
        return (await rig.call({ record: stored, context, path: `/${index}` })).body.toString()
      }),
    )
    expect(new Set(answers)).toEqual(new Set(['true']))
  })

  it('keeps connections alive between calls', async () => {
    await rig.call({ record, context })
    const before = rig.upstream.connections()
    for (let index = 0; index < 5; index++) await rig.call({ record, context })
    expect(rig.upstream.connections()).toBe(before)
  })
})

describe('request', () => {
  it('sends method, path with base path and query, headers and body as they are', async () => {
    let seen: unknown
    rig.upstream.handler = ({ method, url, headers }, response, body) => {
      seen = {
        method,
        url,
        type: headers['content-type'],
        accept: headers.accept,
        encoding: headers['accept-encoding'],
        body: body.toString(),
      }
      response.end()
    }
    const stored = await rig.store({
      credential: { kind: 'bearer' },
      secrets: { token: 'token' },
      baseUrl: `https://${rig.upstream.authority}/api/v3/`,
    })
    const call = {
      record: stored,
      context,
      method: 'POST',
      path: '/a%20b?x=%2F&y=+',
      headers: { Accept: 'text/plain', 'Accept-Encoding': 'gzip' },
    } as const
    await rig.call({ ...call, body: Buffer.from('[1]') })
    expect(seen).toEqual({
      method: 'POST',
      url: '/api/v3/a%20b?x=%2F&y=+',
      type: 'application/json',
      accept: 'text/plain',
      encoding: 'identity',
      body: '[1]',
    })
    await rig.call({ ...call, headers: { 'Content-Type': 'text/csv' }, body: Buffer.from('[1]') })
    expect(seen).toMatchObject({ type: 'text/csv' })
    await rig.call({ ...call, body: Buffer.from('plain') })
    expect(seen).toMatchObject({ type: undefined, body: 'plain' })
  })

  it.each(wireVectors.query_encoding)(
    'sends $wire_path as a Dedalus client wrote it, without undoing its second encoding',
    async ({ wire_path: path }) => {
      let url: string | undefined
      rig.upstream.handler = (request, response) => {
        ;({ url } = request)
        response.end()
      }
      await rig.call({ record, context, path })
      expect(url).toBe(path)
    },
  )

  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'Proxy-Anything',
    'cookie',
    'host',
    'DPoP',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
    'expect',
    'x-api-key',
    'X-API-KEY',
    'x-http-method-override',
    'X-Original-URL',
    'Range',
    'If-Range',
    'request-range',
    'A-IM',
    'Forwarded',
    'X-Forwarded-Host',
    'X_Forwarded_Host',
    'x-real-ip',
    'X-Host',
    'X-Original-Host',
    'X-HTTP-Host-Override',
    'X-Original-URI',
    'X-Envoy-Original-Path',
  ])('refuses the caller’s header %s', async (name) => {
    await expect(rig.call({ record, context, headers: { [name]: 'x' } })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  it.each([
    ['a line break in a value', { 'x-a': 'b\r\nauthorization: Bearer stolen' }],
    ['a line feed in a value', { 'x-a': 'b\nc' }],
    ['NUL in a value', { 'x-a': 'b\0c' }],
    ['a line break in a name', { 'x-a\r\nhost': 'evil' }],
    ['a space in a name', { 'x a': 'b' }],
    ['an empty name', { '': 'b' }],
    ['a value that is no Latin-1', { 'x-a': '\u{1F600}' }],
    ['a header twice', { 'x-a': '1', 'X-A': '2' }],
  ])('refuses %s', async (_what, headers) => {
    await expect(rig.call({ record, context, headers })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  it.each([
    '//evil.example/x',
    '/\\evil.example/x',
    '/\t/evil.example/x',
    '/../x',
    '/%2e%2e/x',
    '/a/%2E%2e',
    '/a/./b',
    '/a//b',
    '/a;b',
    '/a%2fb',
    '/a%5Cb',
    '/a%00',
    '/a#b',
    'a',
    '',
    'https://evil.example/',
    '@evil.example/',
    '/a b',
    '/ä',
    '/%zz',
    '/a\r\nhost: evil',
  ])('refuses the path %j', async (path) => {
    await expect(rig.call({ record, context, path })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

describe('policy and pins', () => {
  it('refuses what the connection’s policy does not list', async () => {
    const policy = {
      methods: ['GET' as const],
      paths: ['/user', '/repos/**'],
      resources: ['https://mcp.example/'],
    }
    const bound = { ...context, policy }
    const stored = await rig.store({
      credential: { kind: 'bearer' },
      secrets: { token: 'token' },
      context: bound,
    })
    const call = { record: stored, context: bound }
    await rig.call({ ...call, path: '/user?all=1' })
    await rig.call({ ...call, path: '/repos/a/b' })
    const refused = { code: 'POLICY_REFUSED' }
    await expect(rig.call({ ...call, path: '/user', method: 'DELETE' })).rejects.toMatchObject(
      refused,
    )
    await expect(rig.call({ ...call, path: '/users' })).rejects.toMatchObject(refused)
    await expect(
      rig.call({ ...call, path: '/user', caller: { resource: 'https://other.example/' } }),
    ).rejects.toMatchObject(refused)
  })

  it.each([
    '/user?_method=DELETE',
    '/user?method=post',
    '/user?a=1&%5Fmethod=%70OST',
    '/user?X-HTTP-Method-Override=PATCH',
    '/user?%2524httpMethod=PUT',
    '/user?method=GET&method=PUT',
  ])('refuses %s, which some services read as another method', async (path) => {
    const get = { methods: ['GET' as const], paths: ['/**'], resources: ['*'] }
    const bound = { ...context, policy: get }
    const credential = { kind: 'bearer' } as const
    const secrets = { token: 'token' }
    const stored = await rig.store({ credential, secrets, context: bound })
    const call = { record: stored, context: bound }
    await expect(rig.call({ ...call, path })).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
    await rig.call({ ...call, path: '/user?method=flickr.photos.search&x_method=DELETE' })
    const both = { ...context, policy: { ...get, methods: ['*' as const] } }
    const free = await rig.store({ credential, secrets, context: both })
    await rig.call({ record: free, context: both, path })
  })

  it('refuses what the owner’s pins do not list, whatever the policy says', async () => {
    const pins = {
      methods: ['GET' as const],
      paths: ['/user'],
      resources: ['https://mcp.example/'],
    }
    const stored = await rig.store({
      credential: { kind: 'bearer' },
      secrets: { token: 'token' },
      pins,
    })
    const call = { record: stored, context, path: '/user' }
    await rig.call(call)
    const refused = { code: 'PIN_REFUSED' }
    await expect(rig.call({ ...call, method: 'POST' })).rejects.toMatchObject(refused)
    await expect(rig.call({ ...call, path: '/emails' })).rejects.toMatchObject(refused)
    await expect(
      rig.call({ ...call, caller: { resource: 'https://other.example/' } }),
    ).rejects.toMatchObject(refused)
  })

  it('demands a fresh DPoP proof by a pinned key for this token and URL', async () => {
    const key = await generateDpopKey()
    const thief = await generateDpopKey()
    const stored = await rig.store({
      credential: { kind: 'bearer' },
      secrets: { token: 'token' },
      pins: { dpop_jkts: [key.jkt] },
    })
    const accessToken = 'the-access-token'
    const good = { key, method: 'POST', url: dispatchUrl, accessToken }
    const call = (
      proof?: string,
      access_token: string | undefined = accessToken,
    ): Promise<unknown> =>
      rig.call({
        record: stored,
        context,
        caller: { ...(proof !== undefined && { proof, access_token }) },
      })
    const refused = { code: 'PIN_REFUSED' }
    const proof = await createDpopProof(good)
    await call(proof)
    await expect(call(proof)).rejects.toMatchObject(refused)
    await expect(call()).rejects.toMatchObject(refused)
    await expect(call(await createDpopProof({ ...good, key: thief }))).rejects.toMatchObject(
      refused,
    )
    await expect(call(await createDpopProof({ ...good, method: 'GET' }))).rejects.toMatchObject(
      refused,
    )
    await expect(
      call(await createDpopProof({ ...good, url: 'https://evil.example/dispatch' })),
    ).rejects.toMatchObject(refused)
    await expect(call(await createDpopProof(good), 'another-token')).rejects.toMatchObject(refused)
    const [head, claims] = (await createDpopProof(good)).split('.')
    await expect(call(`${head}.${claims}.AAAA`)).rejects.toMatchObject(refused)
  })
})

const forms: Record<string, (text: string) => Buffer> = {
  raw: (text) => Buffer.from(text),
  base64: (text) => Buffer.from(Buffer.from(text).toString('base64')),
  'base64 after one byte': (text) => Buffer.from(Buffer.from(`.${text}`).toString('base64')),
  'base64 after two bytes, inside more': (text) =>
    Buffer.from(Buffer.from(`..${text}..`).toString('base64')),
  base64url: (text) => Buffer.from(Buffer.from(text).toString('base64url')),
  'base64url after one byte': (text) => Buffer.from(Buffer.from(`.${text}`).toString('base64url')),
  encodeURIComponent: (text) => Buffer.from(encodeURIComponent(text)),
  'lower-case percent-encoding': (text) =>
    Buffer.from(encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase())),
  'form encoding': (text) => Buffer.from(new URLSearchParams({ a: text }).toString()),
  'percent-encoding of every byte': (text) =>
    Buffer.from([...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('')),
  JSON: (text) => Buffer.from(JSON.stringify({ a: text })),
  'JSON in JSON-safe ASCII': (text) =>
    Buffer.from(
      JSON.stringify(text).replace(
        /[^\x20-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    ),
  'JSON with escaped slashes': (text) => Buffer.from(JSON.stringify(text).replaceAll('/', '\\/')),
  'JSON of escapes only': (text) =>
    Buffer.from(
      Array.from(text)
        .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`)
        .join(''),
    ),
  'lower-case hex': (text) => Buffer.from(Buffer.from(text).toString('hex')),
  'upper-case hex': (text) => Buffer.from(Buffer.from(text).toString('hex').toUpperCase()),
}

/** Everything by which the secret could be read out of an answer. */
function holdsSecret(bytes: Buffer): boolean {
  const text = bytes.toString()
  const unescaped = text
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\(["\\/])/g, '$1')
  const percentDecoded = Buffer.from(
    text
      .replaceAll('+', ' ')
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
  return [
    bytes,
    Buffer.from(unescaped),
    percentDecoded,
    Buffer.from(text, 'base64'),
    Buffer.from(text, 'hex'),
  ].some((view) => view.includes(secretBytes))
}

describe('scrub', () => {
  it.each(Object.entries(forms))(
    'removes an echo in %s, cut at any place',
    async (_form, encode) => {
      const echo = encode(secret)
      const text = Buffer.concat([Buffer.from('before '), echo, Buffer.from(' after')])
      for (let cut = 0; cut <= text.length; cut += 7) {
        rig.upstream.handler = (_request, response) => {
          response.write(text.subarray(0, cut))
          setImmediate(() => response.end(text.subarray(cut)))
        }
        const { body } = await rig.call({ record, context })
        expect(body.includes(redaction), body.toString()).toBe(true)
        expect(holdsSecret(body)).toBe(false)
        expect(body.subarray(0, 7).toString()).toBe('before ')
        expect(body.subarray(-6).toString()).toBe(' after')
      }
    },
  )

  it('removes echoes from header values and drops headers named after the secret', async () => {
    const token = 'plain-Token-42'
    const stored = await rig.store({ credential: { kind: 'bearer' }, secrets: { token } })
    rig.upstream.handler = (request, response) => {
      response.setHeader('x-echo', [
        String(request.headers.authorization),
        Buffer.from(token).toString('base64'),
      ])
      response.setHeader('location', `https://x/?t=${encodeURIComponent(token)}`)
      response.setHeader(token, 'x')
      response.setHeader('set-cookie', 'a=b')
      response.setHeader('connection', 'x-hop, keep-alive')
      response.writeHead(302, token)
      response.end()
    }
    const { head } = await rig.call({ record: stored, context })
    expect(head.status).toBe(302)
    expect(head.headers['x-echo']).toMatch(
      /^Bearer \[redacted by holdfast\], \[redacted by holdfast\].?=$/,
    )
    expect(head.headers['location']).toBe(`https://x/?t=${redaction}`)
    expect(JSON.stringify(head)).not.toMatch(/plain-token-42/i)
    expect(Object.keys(head.headers)).not.toContain('set-cookie')
    expect(Object.keys(head.headers)).not.toContain('connection')
  })

  it('does not let a caller fetch an echo in pieces that each hold a part of the secret', async () => {
    const echo = `{"your_key":"${secret}"}`
    rig.upstream.handler = (request, response) => {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      response.writeHead(from === undefined ? 200 : 206, { 'content-type': 'application/json' })
      response.end(from === undefined ? echo : Buffer.from(echo).subarray(+from, Number(to) + 1))
    }
    const fetchPart = (range: string) =>
      rig.call({ record, context, headers: { range } }).then(
        ({ body }) => body.toString('latin1'),
        () => '',
      )
    const pieces = await Promise.all(['bytes=0-20', 'bytes=21-99'].map(fetchPart))
    expect(pieces.join('')).not.toContain(secretBytes.toString('latin1'))
    expect((await rig.call({ record, context })).body.toString()).toContain(redaction)
  })

  it('removes user name, password and their pair', async () => {
    const stored = await rig.store({
      credential: { kind: 'basic' },
      secrets: { username: 'long-user-name', password: 'pass/word?1' },
    })
    const pair = Buffer.from('long-user-name:pass/word?1').toString('base64')
    rig.upstream.handler = (_request, response) =>
      response.end(
        `long-user-name|pass/word?1|${pair}|Basic ${pair}|${Buffer.from('x:pass/word?1').toString('base64')}`,
      )
    const { body } = await rig.call({ record: stored, context })
    const gone = redaction
    expect(body.toString().startsWith(`${gone}|${gone}|${gone}|Basic ${gone}|`)).toBe(true)
    expect(body.toString()).not.toContain('long-user-name')
    expect(
      Buffer.from(body.toString().split('|').at(-1) ?? '', 'base64').includes('pass/word'),
    ).toBe(false)
  })

  const compressors = {
    gzip: gzipSync,
    br: brotliCompressSync,
    deflate: deflateSync,
    zstd: zstdCompressSync,
    raw: deflateRawSync,
  }
  it.each(Object.entries(compressors))('sees through %s', async (name, compress) => {
    rig.upstream.handler = (_request, response) => {
      response.setHeader('content-encoding', name === 'raw' ? 'deflate' : name)
      response.end(compress(Buffer.from(`echo ${secret}.`)))
    }
    const { head, body } = await rig.call({ record, context })
    expect(body.toString()).toBe(`echo ${redaction}.`)
    expect(head.headers['content-encoding']).toBeUndefined()
  })

  it('refuses encodings that it cannot look into, and broken ones', async () => {
    for (const encoding of ['compress', 'gzip, br', 'constructor']) {
      rig.upstream.handler = (_request, response) =>
        response.setHeader('content-encoding', encoding).end('x')
      await expect(rig.call({ record, context })).rejects.toMatchObject({
        code: 'DOWNSTREAM_UNREACHABLE',
        mayHaveRun: true,
      })
    }
    rig.upstream.handler = (_request, response) =>
      response.setHeader('content-encoding', 'gzip').end('not gzip')
    await expect(rig.call({ record, context })).rejects.toMatchObject({
      code: 'DOWNSTREAM_UNREACHABLE',
      mayHaveRun: true,
    })
    rig.upstream.handler = (_request, response) =>
      response.setHeader('content-encoding', 'gzip').end()
    expect((await rig.call({ record, context })).body.length).toBe(0)
  })

  it('stops a compressed bomb at the cap', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    rig.upstream.handler = (_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(bomb)
    await expect(rig.call({ record, context, maxResponseBytes: 100_000 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })
})

describe('upstream failures', () => {
  it('reports a timeout before the answer, and in the middle of it', async () => {
    rig.upstream.handler = () => undefined
    await expect(rig.call({ record, context, timeoutMs: 150 })).rejects.toMatchObject({
      code: 'DOWNSTREAM_TIMEOUT',
    })
    rig.upstream.handler = (_request, response) => response.write('slow')
    await expect(rig.call({ record, context, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'DOWNSTREAM_TIMEOUT',
    })
  })

  it('reports a connection closed before the answer, and in the middle of it', async () => {
    rig.upstream.handler = (request) => request.socket.destroy()
    await expect(rig.call({ record, context })).rejects.toMatchObject({
      code: 'DOWNSTREAM_UNREACHABLE',
    })
    rig.upstream.handler = (request, response) => {
      response.setHeader('content-length', '100')
      response.write('half', () => request.socket.destroy())
    }
    await expect(rig.call({ record, context })).rejects.toMatchObject({
      code: 'DOWNSTREAM_UNREACHABLE',
    })
  })

  it('reports an answer that is not HTTP', async () => {
    rig.upstream.handler = (request) => request.socket.end('SSH-2.0-x\r\n\r\n')
    await expect(rig.call({ record, context })).rejects.toMatchObject({
      code: 'DOWNSTREAM_UNREACHABLE',
      message: 'the upstream’s answer is not valid HTTP',
    })
  })

  it('refuses an answer above the cap', async () => {
    rig.upstream.handler = (_request, response) => response.end(Buffer.alloc(200_000))
    await expect(rig.call({ record, context, maxResponseBytes: 199_999 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect((await rig.call({ record, context, maxResponseBytes: 200_000 })).body.length).toBe(
      200_000,
    )
  })

  it('never follows a redirect', async () => {
    let requests = 0
    rig.upstream.handler = (_request, response) => {
      requests++
      response.writeHead(307, { location: 'https://evil.example/' }).end()
    }
    expect((await rig.call({ record, context })).head.status).toBe(307)
    expect(requests).toBe(1)
  })

  it('gives the upstream up when the caller does', async () => {
    const closed = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    rig.upstream.handler = (request) => {
      request.socket.on('close', () => closed.resolve())
      reached.resolve()
    }
    const controller = new AbortController()
    const call = expect(
      rig.call({ record, context, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'CANCELLED' })
    await reached.promise
    controller.abort()
    await call
    await closed.promise
  })

  it('reports hosts that the relay refuses or cannot reach', async () => {
    const at = async (host: string): Promise<unknown> => {
      const bound = { ...context, allowed_hosts: [host] }
      const stored = await rig.store({
        credential: { kind: 'bearer' },
        secrets: { token: 'token' },
        context: bound,
      })
      return rig
        .call({ record: stored, context: bound })
        .catch((error: { code: string }) => error.code)
    }
    expect(await at('127.0.0.1:1')).toBe('HOST_NOT_ALLOWED')
    expect(await at('169.254.169.254')).toBe('HOST_NOT_ALLOWED')
    expect(await at('[::1]:8443')).toBe('HOST_NOT_ALLOWED')
    expect(await at('nonexistent.invalid')).toBe('DOWNSTREAM_UNREACHABLE')
  })
})

describe('TLS', () => {
  const failing = async (options: Parameters<typeof startRig>[0]): Promise<unknown> => {
    const other = await startRig(options)
    try {
      const stored = await other.store({
        credential: { kind: 'bearer' },
        secrets: { token: 'never-sent-token' },
      })
      const failure = await other
        .call({ record: stored, context: other.context })
        .catch((error: unknown) => error)
      expect(other.upstream.wire().length).toBe(0)
      return failure
    } finally {
      await other.close()
    }
  }

  it('refuses a certificate for another name', async () => {
    expect(await failing({ names: ['other.example'] })).toMatchObject({
      code: 'DOWNSTREAM_TLS_ERROR',
      message: 'the upstream’s certificate is for another host',
    })
  })

  it('refuses a certificate by an authority that it does not know', async () => {
    expect(await failing({ trusted: false })).toMatchObject({
      code: 'DOWNSTREAM_TLS_ERROR',
      message: 'the upstream’s certificate comes from an unknown authority',
    })
  })
})
