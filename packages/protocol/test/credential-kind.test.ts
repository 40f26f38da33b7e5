import { describe, expect, it } from 'vitest'
import { utf8 } from '../src/bytes.ts'
import { decodeEnvelope, encodeEnvelope } from '../src/credential-envelope.ts'
import { credentialKindSchema, secretFieldsOf } from '../src/credential-kind.ts'
import { parseTemplate } from '../src/credential-template.ts'

const header = { in: 'header', name: 'X-Key', template: '{a}' }
const fields = { kind: 'fields', fields: ['a'], inject: [header] }
const hmac = {
  ...{ kind: 'hmac', algorithm: 'sha256', encoding: 'hex', string_to_sign: '{body}' },
  signature: { in: 'header', name: 'X-Sig' },
}
const key = { kind: 'api_key', in: 'query', name: 'key' }

describe('a credential kind', () => {
  it.each<[string, object]>([
    ['an unknown place', { ...key, in: 'body-ish' }],
    ['a header place with a query name', { kind: 'api_key', in: 'query', header_name: 'x' }],
    ['a query name with a bracket', { ...key, name: 'key[]' }],
    ['a query template without the key', { ...key, template: 'x' }],
    [
      'a path prefix that is no whole segment',
      { ...key, in: 'path', name: undefined, template: 'bot{api_key}' },
    ],
    [
      'a path prefix with a dot segment',
      { kind: 'api_key', in: 'path', template: '/../{api_key}' },
    ],
    ['a path prefix with a query', { kind: 'api_key', in: 'path', template: '/{api_key}?x' }],
    ['a segment with a slash', { kind: 'api_key', in: 'path', template: '/{api_key}', segment: 1 }],
    ['a body without a format', { kind: 'api_key', in: 'body', name: 'key' }],
    ['a field that no template uses', { ...fields, fields: ['a', 'b'] }],
    [
      'a template of a field that is not there',
      { ...fields, inject: [{ ...header, template: '{a}{b}' }] },
    ],
    [
      'a template without a field',
      { ...fields, inject: [header, { ...header, name: 'Y', template: 'x' }] },
    ],
    ['the same header twice', { ...fields, inject: [header, { ...header, name: 'x-key' }] }],
    ['a field twice', { ...fields, fields: ['a', 'a'] }],
    ['a field named like no field', { ...fields, fields: ['__proto__'] }],
    [
      'a body that is JSON and a form',
      {
        ...fields,
        inject: ['json', 'form'].map((format) => ({
          in: 'body',
          format,
          name: format,
          template: '{a}',
        })),
      },
    ],
    ['a string to sign of something unknown', { ...hmac, string_to_sign: '{headers}' }],
    ['a time that the request does not say', { ...hmac, string_to_sign: '{timestamp}' }],
    ['a nonce that the request does not say', { ...hmac, string_to_sign: '{nonce}' }],
    ['a signature that is not there', { ...hmac, signature: { ...hmac.signature, template: 'x' } }],
    ['two parts in one header', { ...hmac, timestamp: { in: 'header', name: 'x-sig' } }],
    ['plain SHA-1', { ...hmac, algorithm: 'sha1' }],
    ['a region with a slash', { kind: 'aws_sigv4', region: 'a/b', service: 's3' }],
    [
      'certificate fields of its own',
      { kind: 'mtls', fields: ['private_key'], inject: [{ ...header, template: '{private_key}' }] },
    ],
    ['fields that go nowhere', { kind: 'mtls', fields: ['a'] }],
  ])('refuses %s', (_what, credential) => {
    expect(credentialKindSchema.safeParse(credential).success).toBe(false)
  })

  it('names its secret fields', () => {
    const names = (credential: object) => secretFieldsOf(credentialKindSchema.parse(credential))
    expect(names(fields)).toMatchObject({ required: ['a'], optional: [] })
    expect(names(hmac)).toMatchObject({ required: ['secret'], optional: [] })
    const template = '{key_id}:{signature}'
    expect(names({ ...hmac, signature: { ...hmac.signature, template } }).required).toEqual([
      'secret',
      'key_id',
    ])
    expect(names({ kind: 'mtls', fields: ['a'], inject: [header] }).required).toEqual([
      'certificate',
      'private_key',
      'a',
    ])
  })

  const binding = {
    ...{ handle: 'ddls:conn:01J0000000000000000000000A-github' as never, owner: 'usr_1' },
    ...{ provider: 'github', allowed_hosts: ['api.github.com'], created_at: 0, pins: {} },
    upload_nonce: 'bm9uY2Utbm9uY2U',
  }
  const encode = (credential: object, secrets: Record<string, string>) =>
    encodeEnvelope({
      header: {
        ...{ credential: credential as never, base_url: 'https://api.github.com' },
        binding: { ...binding, upload_nonce: 'bm9uY2Utbm9uY2U-' },
      },
      secrets: Object.fromEntries(
        Object.entries(secrets).map(([name, text]) => [name, utf8(text)]),
      ),
    })

  it('keeps line breaks out of all fields but PEM', () => {
    expect(() => encode(fields, { a: 'x\ny' })).toThrow(/line break/)
    const withField = { kind: 'mtls', fields: ['a'], inject: [header] }
    const pem = { certificate: 'a\nb', private_key: 'c\r\nd' }
    expect(() => encode(withField, { ...pem, a: 'x\ny' })).toThrow(/line break/)
    expect(Object.keys(decodeEnvelope(encode(withField, { ...pem, a: 'x' })).secrets)).toEqual([
      'certificate',
      'private_key',
      'a',
    ])
  })

  it('needs one of its optional fields where all are', () => {
    expect(() => encode({ kind: 'basic' }, {})).toThrow(/at least one of username, password/)
    expect(() => encode({ kind: 'basic' }, { username: '', password: '' })).toThrow(/at least one/)
  })

  it('takes no inherited property for a field', () => {
    const named = {
      ...fields,
      fields: ['constructor'],
      inject: [{ ...header, template: '{constructor}' }],
    }
    expect(() => encode(named, {})).toThrow(/missing or empty/)
  })
})

describe('a template', () => {
  it('has slots of known names, and text', () => {
    expect(parseTemplate('x{a}{b}{c}y', ['a', 'c'])).toEqual([
      { text: 'x' },
      { slot: 'a' },
      { text: '{b}' },
      { slot: 'c' },
      { text: 'y' },
    ])
  })
})
