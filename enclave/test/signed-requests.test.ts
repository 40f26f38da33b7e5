/** Signed requests against real TLS servers that verify the signature by other means. */
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { CredentialKind, RecordContext } from '@holdfast/protocol'
import aws4 from 'aws4'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Call, type Rig, startRig } from './helpers/rig.ts'

let rig: Rig
let context: RecordContext
let seen: { request: IncomingMessage; path: string; query: string; body: string } | undefined

beforeAll(async () => {
  rig = await startRig()
  ;({ context } = rig)
})
afterAll(() => rig.close())
beforeEach(() => {
  seen = undefined
  rig.upstream.handler = (request, response, body) => {
    const [path = '', query = ''] = request.url?.split('?') ?? []
    seen = { request, path, query, body: body.toString() }
    response.end('ok')
  }
})

async function call(
  credential: CredentialKind,
  secrets: Record<string, string>,
  request: Omit<Call, 'record' | 'context'> = {},
): Promise<{ headers: IncomingMessage['headers'] } & NonNullable<typeof seen>> {
  const record = await rig.store({ credential, secrets })
  await rig.call({ record, context, ...request })
  if (!seen) throw new Error('the upstream saw nothing')
  return { ...seen, headers: seen.request.headers }
}

const fault = (credential: CredentialKind, secrets: Record<string, string>): Promise<unknown> =>
  rig.store({ credential, secrets }).catch((error: unknown) => error)

const secret = 'hmac-Secret/+=42'

describe('an HMAC signature', () => {
  const hmac = {
    kind: 'hmac',
    algorithm: 'sha256',
    encoding: 'hex',
    string_to_sign: '{timestamp}.{method}.{target}.{body}',
    signature: { in: 'header', name: 'X-Signature', template: 'v1={signature}' },
    timestamp: { in: 'header', name: 'X-Timestamp' },
  } as const satisfies CredentialKind

  it('covers time, method, target and body', async () => {
    const { headers, request, body } = await call(
      hmac,
      { secret },
      { method: 'POST', path: '/a%20b?x=%2F', body: Buffer.from('{"é":1}') },
    )
    const time = String(headers['x-timestamp'])
    expect(Math.abs(Date.now() / 1000 - Number(time))).toBeLessThan(60)
    const expected = createHmac('sha256', secret)
      .update(`${time}.POST.${request.url}.${body}`)
      .digest('hex')
    expect(headers['x-signature']).toBe(`v1=${expected}`)
    expect(rig.upstream.wire().includes(secret)).toBe(false)
  })

  it('stands in the query, over all that was put there before it', async () => {
    const { headers, query } = await call(
      {
        ...{ kind: 'hmac', algorithm: 'sha512', encoding: 'base64' },
        string_to_sign: '{query}',
        signature: { in: 'query', name: 'signature' },
        timestamp: { in: 'query', name: 'timestamp' },
        timestamp_format: 'unix_ms',
        key_id: { in: 'header', name: 'X-MBX-APIKEY' },
      },
      { secret, key_id: 'the-key-id' },
      { path: '/order?symbol=A' },
    )
    expect(headers['x-mbx-apikey']).toBe('the-key-id')
    const [signed = '', signature = ''] = query.split('&signature=')
    expect(signed).toMatch(/^symbol=A&timestamp=\d{13}$/)
    expect(decodeURIComponent(signature)).toBe(
      createHmac('sha512', secret).update(signed).digest('base64'),
    )
  })

  it('holds key id, nonce and body hash, with a decoded key', async () => {
    const key = Buffer.from([0, 1, 2, 250, 251, 252, 253, 254, 255, 10])
    const { headers, path, body } = await call(
      {
        ...{
          kind: 'hmac',
          algorithm: 'sha1-legacy',
          encoding: 'base64url',
          key_encoding: 'base64',
        },
        string_to_sign:
          '{method}\n{host}\n{path}\n{body_sha256}\n{body_sha256_base64}\n{nonce}\n{key_id}\n{timestamp}',
        signature: {
          in: 'header',
          name: 'Authorization',
          template: 'HMAC {key_id}:{nonce}:{timestamp}:{signature}',
        },
        timestamp_format: 'iso8601',
      },
      { secret: key.toString('base64'), key_id: 'id-1' },
      { method: 'PUT', path: '/x', body: Buffer.from('abc') },
    )
    const [, id = '', nonce = '', rest = ''] =
      /^HMAC ([^:]+):([^:]+):(.*)$/.exec(String(headers.authorization)) ?? []
    const time = rest.slice(0, rest.lastIndexOf(':'))
    const hash = createHash('sha256').update(body)
    const expected = createHmac('sha1', key)
      .update(
        [
          'PUT',
          rig.upstream.authority,
          path,
          hash.copy().digest('hex'),
          hash.digest('base64'),
          nonce,
          id,
          time,
        ].join('\n'),
      )
      .digest('base64url')
    expect(rest.slice(rest.lastIndexOf(':') + 1)).toBe(expected)
    expect(nonce).toMatch(/^[0-9a-f]{32}$/)
    const again = await call(hmac, { secret })
    expect(again.headers['x-signature']).not.toContain(nonce)
  })

  it.each([
    ['the signature', { headers: { 'x-signature': 'v1=00' } }],
    ['the signature, with underscores', { headers: { X_Signature: 'v1=00' } }],
    ['the time', { headers: { 'X-TIMESTAMP': '1' } }],
  ])('cannot be replaced by a caller who sends %s', async (_what, request) => {
    const record = await rig.store({ credential: hmac, secrets: { secret } })
    await expect(rig.call({ record, context, ...request })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(seen).toBeUndefined()
  })

  it.each(['hex', 'base64', 'base64url'] as const)(
    'in %s does not come back in an echo: with it the call could be repeated past us',
    async (encoding) => {
      const record = await rig.store({ credential: { ...hmac, encoding }, secrets: { secret } })
      let signature = ''
      rig.upstream.handler = (request, response) => {
        signature = String(request.headers['x-signature']).slice('v1='.length)
        response.setHeader('x-echo', `v1=${signature}`)
        response.end(JSON.stringify(request.headers))
      }
      const { head, body } = await rig.call({ record, context })
      expect(signature.length).toBeGreaterThan(40)
      expect(JSON.stringify(head.headers) + body.toString()).not.toContain(signature)
      expect(head.headers['x-echo']).toBe('v1=[redacted by holdfast]')
    },
  )

  it('leaves no key behind, decoded or not, in an answer that holds it', async () => {
    const key = Buffer.from('a key in base64')
    const record = await rig.store({
      credential: { ...hmac, key_encoding: 'base64' },
      secrets: { secret: key.toString('base64') },
    })
    rig.upstream.handler = (_request, response) =>
      response.end(`${key.toString()} ${key.toString('hex')} ${key.toString('base64')}`)
    const { body } = await rig.call({ record, context })
    const gone = '[redacted by holdfast]'
    expect(body.toString()).toBe([gone, gone, gone].join(' '))
  })

  it.each<[string, object, Record<string, string>, RegExp]>([
    ['a key that is not hex', { key_encoding: 'hex' }, { secret: 'zz' }, /is not hex/],
    ['a key that is not base64', { key_encoding: 'base64' }, { secret: 'a!b=' }, /is not base64/],
    [
      'a key id with a blank',
      { key_id: { in: 'header', name: 'X-Key' } },
      { secret, key_id: 'a b' },
      /key id/,
    ],
    [
      'a header of HTTP itself',
      { signature: { in: 'header', name: 'Content_Length' } },
      { secret },
      /header/,
    ],
  ])('is not sealed with %s', async (_what, part, secrets, message) => {
    expect(await fault({ ...hmac, ...part }, secrets)).toMatchObject({
      code: 'INVALID_ENVELOPE',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('an AWS signature', () => {
  const keys = { access_key_id: 'AKIDEXAMPLE0000001', secret_access_key: 'wJalrXUtnFEMI/K7+KEY' }
  const aws = (service: string, payload?: 'unsigned' | 'chunked'): CredentialKind => ({
    ...{ kind: 'aws_sigv4', region: 'eu-central-1', service },
    ...(payload && { payload }),
  })

  /** Signs what arrived once more, by another implementation, with what AWS would know. */
  function verified(service: string, { request, body }: NonNullable<typeof seen>): boolean {
    const authorization = String(request.headers.authorization)
    const [, signed = ''] = /SignedHeaders=([^,]+),/.exec(authorization) ?? []
    const headers = Object.fromEntries(
      signed.split(';').map((name) => [name, String(request.headers[name])]),
    )
    // The library would sign headers that it adds itself.
    const added = ['content-length', 'content-type'].filter((name) => !(name in headers))
    const extraHeadersToIgnore = Object.fromEntries(added.map((name) => [name, true]))
    const oracle = aws4.sign(
      {
        ...{ service, region: 'eu-central-1', body },
        ...{ method: request.method ?? '', path: request.url ?? '', headers },
        extraHeadersToIgnore,
      },
      { accessKeyId: keys.access_key_id, secretAccessKey: keys.secret_access_key },
    )
    return oracle.headers['Authorization'] === authorization
  }

  it.each([
    ['s3', { path: '/bucket/a%20key(1)%2B%C3%A9?list-type=2&prefix=a%2Fb&marker' }],
    ['s3', { method: 'PUT', path: '/bucket/key', body: Buffer.from('content') }],
    ['execute-api', { path: '/stage/a%20b/(c)?b=2&a=1&a=0' }],
    [
      'dynamodb',
      {
        method: 'POST',
        path: '/',
        headers: { 'X-Amz-Target': 'DynamoDB_20120810.ListTables', 'X-Two': '  a   b ' },
        body: Buffer.from('{"Limit":1}'),
      },
    ],
  ] as const)('for %s is the right one', async (service, request) => {
    const arrived = await call(aws(service), keys, request)
    expect(verified(service, arrived)).toBe(true)
    expect(rig.upstream.wire().includes(keys.secret_access_key)).toBe(false)
    // A judge that says yes to anything would be none.
    expect(verified(service, { ...arrived, body: `${arrived.body}x` })).toBe(service === 's3')
    arrived.request.url += 'x'
    expect(verified(service, arrived)).toBe(false)
  })

  it('covers the session token', async () => {
    const session_token = 'session/Token+1=='
    const arrived = await call(aws('execute-api'), { ...keys, session_token }, { path: '/x' })
    expect(arrived.headers['x-amz-security-token']).toBe(session_token)
    expect(arrived.headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-security-token/)
    expect(verified('execute-api', arrived)).toBe(true)
  })

  it('says the hash of the body to S3, or that it is not signed', async () => {
    const body = Buffer.from('content')
    const put = { method: 'PUT', path: '/b/k', body } as const
    const signed = await call(aws('s3'), keys, put)
    expect(signed.headers['x-amz-content-sha256']).toBe(
      createHash('sha256').update(body).digest('hex'),
    )
    const unsigned = await call(aws('s3', 'unsigned'), keys, put)
    expect(unsigned.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD')
    expect(verified('s3', unsigned)).toBe(true)
  })

  describe('in chunks', () => {
    /** Reads a chunked body as S3 does; undefined where a signature is wrong. */
    function decoded(request: IncomingMessage, body: Buffer): Buffer | undefined {
      const { authorization, ...rest } = request.headers
      const date = String(rest['x-amz-date'])
      const scope = `${date.slice(0, 8)}/eu-central-1/s3/aws4_request`
      const key = scope
        .split('/')
        .reduce<string | Buffer>(
          (last, part) => createHmac('sha256', last).update(part).digest(),
          `AWS4${keys.secret_access_key}`,
        )
      const none = createHash('sha256').digest('hex')
      let [, previous = ''] = /Signature=([0-9a-f]{64})$/.exec(String(authorization)) ?? []
      const chunks: Buffer[] = []
      for (let at = 0; ;) {
        const end = body.indexOf('\r\n', at)
        const [, size = '', signature = ''] =
          /^([0-9a-f]+);chunk-signature=([0-9a-f]{64})$/.exec(body.toString('latin1', at, end)) ??
          []
        const length = Number.parseInt(size, 16)
        const chunk = body.subarray(end + 2, end + 2 + length)
        const hash = createHash('sha256').update(chunk).digest('hex')
        const text = ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, none, hash].join('\n')
        if (createHmac('sha256', key).update(text).digest('hex') !== signature) return undefined
        previous = signature
        chunks.push(chunk)
        at = end + 2 + length + 2
        if (length === 0) return at === body.length ? Buffer.concat(chunks) : undefined
      }
    }

    it.each([1, 65_535, 65_536, 200_000])('covers each of %i bytes', async (length) => {
      const body = Buffer.alloc(length, 'some content. ')
      let raw: Buffer = Buffer.alloc(0)
      const { handler } = rig.upstream
      rig.upstream.handler = (request, response, bytes) => {
        raw = bytes
        handler(request, response, bytes)
      }
      const headers = { 'content-encoding': 'gzip' }
      const put = { method: 'PUT', path: '/b/k', body, headers } as const
      const arrived = await call(aws('s3', 'chunked'), keys, put)
      expect(arrived.headers).toMatchObject({
        'content-encoding': 'aws-chunked,gzip',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'x-amz-decoded-content-length': String(length),
        'content-length': String(raw.length),
      })
      expect(arrived.headers.authorization).toMatch(
        /SignedHeaders=content-encoding;[^,]*x-amz-decoded-content-length/,
      )
      expect(verified('s3', arrived)).toBe(true)
      expect(decoded(arrived.request, raw)?.equals(body)).toBe(true)
      raw[raw.indexOf('\r\n') + 2]! ^= 1
      expect(decoded(arrived.request, raw)).toBeUndefined()
    })

    it('is for bodies: a call without one is signed as ever', async () => {
      const arrived = await call(aws('s3', 'chunked'), keys, { path: '/b/k' })
      expect(arrived.headers['x-amz-content-sha256']).toBe(createHash('sha256').digest('hex'))
      expect(arrived.headers['content-encoding']).toBeUndefined()
      expect(verified('s3', arrived)).toBe(true)
    })
  })

  it.each([
    ['a length', { headers: { 'x-amz-decoded-content-length': '1' } }],
    ['a date', { headers: { 'X-Amz-Date': '20200101T000000Z' } }],
    ['a hash', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
    ['a token', { headers: { 'x-amz-security-token': 't' } }],
    ['a token with underscores', { headers: { x_amz_security_token: 't' } }],
    ['a signature', { headers: { authorization: 'AWS4-HMAC-SHA256 x' } }],
    ['the query of a presigned URL', { path: '/?X-Amz-Signature=00' }],
    ['that query with a name encoded', { path: '/?x%2Damz-credential=x' }],
    ['a query that can be read in two ways', { path: '/?a=b+c' }],
    ['a key that can be read in two ways', { path: '/a+b' }],
  ])('cannot be replaced by a caller who sends %s', async (_what, request) => {
    const record = await rig.store({ credential: aws('s3'), secrets: keys })
    await expect(rig.call({ record, context, ...request })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(seen).toBeUndefined()
  })

  it('does not come back in an echo', async () => {
    const record = await rig.store({ credential: aws('execute-api'), secrets: keys })
    rig.upstream.handler = (request, response) => response.end(request.headers.authorization)
    const { body } = await rig.call({ record, context })
    expect(body.toString()).toMatch(/Signature=\[redacted by holdfast\]$/)
  })

  it('removes secret key and session token from what AWS says about a wrong signature', async () => {
    const session_token = 'session/Token+1=='
    const record = await rig.store({ credential: aws('s3'), secrets: { ...keys, session_token } })
    rig.upstream.handler = (request, response) => {
      response.statusCode = 403
      response.end(
        `<CanonicalRequest>x-amz-security-token:${String(request.headers['x-amz-security-token'])}</CanonicalRequest><Key>${keys.secret_access_key}</Key>`,
      )
    }
    const { head, body } = await rig.call({ record, context })
    expect(head.status).toBe(403)
    expect(body.toString()).not.toContain(session_token)
    expect(body.toString()).not.toContain(keys.secret_access_key)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'keys that were swapped',
      { access_key_id: keys.secret_access_key, secret_access_key: keys.access_key_id },
      /swap/,
    ],
    ['a short key id', { ...keys, access_key_id: 'AKIA' }, /16 letters/],
    ['a blank in the secret key', { ...keys, secret_access_key: 'a b' }, /blanks/],
    ['a blank in the token', { ...keys, session_token: 'a ' }, /blanks/],
  ])('is not sealed with %s', async (_what, secrets, message) => {
    expect(await fault(aws('s3'), secrets)).toMatchObject({
      code: 'INVALID_ENVELOPE',
      message: expect.stringMatching(message) as string,
    })
  })
})
