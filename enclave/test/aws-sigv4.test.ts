/** AWS' own published vectors, and another implementation as a judge. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import aws4 from 'aws4'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signedChunks, streamingPayload } from '../src/aws-chunks.ts'
import {
  authorization,
  canonicalRequest,
  type SignableRequest,
  signatureOf,
  signingKey,
  stringToSign,
  type SigningScope,
} from '../src/aws-sigv4.ts'
import type { Piece } from '../src/outgoing-request.ts'

interface Suite {
  readonly access_key_id: string
  readonly secret_access_key: string
  readonly region: string
  readonly service: string
  readonly amz_date: string
  readonly cases: readonly {
    readonly name: string
    readonly normalize: boolean
    readonly sign_body: boolean
    readonly session_token?: string
    readonly omit_session_token?: boolean
    readonly request: string
    readonly canonical_request: string
    readonly string_to_sign: string
    readonly authorization: string
  }[]
}

const suite = JSON.parse(
  readFileSync(new URL('vectors/aws-sigv4.json', import.meta.url), 'utf8'),
) as Suite

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const authorized = (
  request: SignableRequest,
  scope: SigningScope,
  id: string,
  secret: string,
): string => {
  const signature = signatureOf(request, scope, signingKey(scope, Buffer.from(secret)))
  return textOf(authorization(request, scope, Buffer.from(id), signature))
}

const textOf = (pieces: readonly Piece[]): string => pieces.map(String).join('')

function parse(one: Suite['cases'][number]): SignableRequest {
  const [head = '', body = ''] = one.request.split('\n\n')
  const [first = '', ...lines] = head.replaceAll(/\n[ \t]+/g, ' ').split('\n')
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? []
  const [path = '', query = ''] = target.split('?')
  const headers = lines
    .filter((line) => line !== '')
    .map((line): [string, Piece[]] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), [line.slice(colon + 1)]]
    })
  headers.push(['X-Amz-Date', [suite.amz_date]])
  if (one.session_token !== undefined && !one.omit_session_token) {
    headers.push(['X-Amz-Security-Token', [Buffer.from(one.session_token)]])
  }
  const payloadHash = sha256(body)
  if (one.sign_body) headers.push(['x-amz-content-sha256', [payloadHash]])
  return { method, path, query, headers, payloadHash }
}

describe('AWS’ published signature version 4 test suite', () => {
  it('is here as a whole', () => expect(suite.cases.length).toBe(38))

  it.each(suite.cases)('$name', (one) => {
    const { region, service, amz_date: amzDate } = suite
    const scope = { region, service, amzDate, normalizesPath: one.normalize }
    const request = parse(one)
    expect(textOf(canonicalRequest(request, scope))).toBe(one.canonical_request)
    expect(stringToSign(request, scope)).toBe(one.string_to_sign)
    const { access_key_id: id, secret_access_key: secret } = suite
    expect(authorized(request, scope, id, secret)).toBe(one.authorization)
  })
})

describe('AWS’ published example of a chunked upload', () => {
  const scope = {
    ...{ region: 'us-east-1', service: 's3', amzDate: '20130524T000000Z' },
    normalizesPath: false,
  }
  const key = signingKey(scope, Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'))
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'

  it('has the signature of its head', () => {
    const headers = {
      host: 's3.amazonaws.com',
      'x-amz-date': scope.amzDate,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': streamingPayload,
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'content-length': '66824',
    }
    const request = {
      ...{ method: 'PUT', path: '/examplebucket/chunkObject.txt', query: '' },
      headers: Object.entries(headers).map(([name, value]) => [name, [value]] as const),
      payloadHash: streamingPayload,
    }
    expect(signatureOf(request, scope, key)).toBe(seed)
  })

  it('has the signatures of its chunks, and its length', () => {
    const body = signedChunks(Buffer.alloc(66_560, 'a'), seed, scope, key)
    expect(body.length).toBe(66_824)
    expect([...body.toString().matchAll(/^[0-9a-f]+;chunk-signature=\w+/gm)].map(String)).toEqual([
      '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ])
  })
})

describe('a signature', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/)
  const text = fc.stringMatching(/^[A-Za-z0-9 !"#$%&'()*,/:;=?@[\]^_`{|}~.-]{0,20}$/)
  const key = fc.stringMatching(/^[A-Za-z0-9/+]{20,40}$/)

  it.each(['s3', 'execute-api', 'dynamodb'])('is the one that aws4 makes, for %s', (service) => {
    fc.assert(
      fc.property(
        fc.record({
          method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
          segments: fc.array(
            text.filter((part) => !/^\.{0,2}$|\//.test(part)),
            { maxLength: 4 },
          ),
          query: fc.uniqueArray(fc.tuple(name, text), { selector: ([one]) => one, maxLength: 5 }),
          headers: fc.dictionary(
            name.map((one) => `x-${one.toLowerCase()}`),
            text,
            { maxKeys: 4 },
          ),
          body: fc.string(),
          secretAccessKey: key,
          sessionToken: fc.option(key, { nil: undefined }),
        }),
        ({ method, segments, query, headers, body, secretAccessKey, sessionToken }) => {
          const path = `/${segments.map(encodeURIComponent).join('/')}`
          const search = query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
          const amzDate = '20260830T123600Z'
          const payloadHash = sha256(body)
          const sent: Record<string, string> = {
            host: 'bucket.example:8443',
            ...headers,
            ...(body !== '' && {
              'content-type': 'text/plain',
              'content-length': String(Buffer.byteLength(body)),
            }),
            'x-amz-date': amzDate,
            'x-amz-content-sha256': payloadHash,
            ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
          }
          const region = 'eu-central-1'
          const oracle = aws4.sign(
            {
              ...{ service, region, method, headers: { ...sent }, body },
              path: search === '' ? path : `${path}?${search}`,
            },
            { accessKeyId: 'AKIDEXAMPLE', secretAccessKey },
          )
          const ours = authorized(
            {
              ...{ method, path, query: search, payloadHash },
              headers: Object.entries(sent).map(([one, value]) => [one, [value]]),
            },
            { region, service, amzDate, normalizesPath: service !== 's3' },
            'AKIDEXAMPLE',
            secretAccessKey,
          )
          expect(ours).toBe(oracle.headers['Authorization'])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('takes bytes that are no UTF-8 in path and query as they are encoded', () => {
    const request = { method: 'GET', path: '/%ff', query: 'a=%fe', headers: [], payloadHash: 'x' }
    const scope = { region: 'r', service: 's3', amzDate: '20260830T123600Z', normalizesPath: false }
    expect(textOf(canonicalRequest(request, scope))).toBe('GET\n/%FF\na=%FE\n\n\nx')
  })
})
