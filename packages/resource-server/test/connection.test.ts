import { inspect } from 'node:util'
import {
  type CredentialKind,
  decodeEnvelope,
  encodeEnvelope,
  parseConnectionHandle,
} from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { Connection, SecretValues } from '../src/index.ts'

const github = new Connection('github', {
  secrets: { token: 'GITHUB_TOKEN', key: 'GITHUB_KEY' },
  baseUrl: 'https://api.github.com',
  headerTemplate: 'token {api_key}',
})

const textOf = (values: SecretValues): string =>
  new TextDecoder().decode(values.toSealable().secrets['api_key'])

describe('SecretValues', () => {
  test('become what connections.create of the client takes', () => {
    expect(new SecretValues(github, { token: 'ghp_é' }).toSealable()).toEqual({
      provider: 'github',
      name: 'github',
      baseUrl: 'https://api.github.com',
      credential: {
        kind: 'api_key',
        header_name: 'Authorization',
        header_template: 'token {api_key}',
      },
      secrets: { api_key: new TextEncoder().encode('ghp_é') },
    })
  })

  test('of a credential with one secret are one, under whichever of its names', () => {
    expect(textOf(new SecretValues(github, { key: 'b' }))).toBe('b')
    expect(textOf(new SecretValues(github, { token: 'a', key: '' }))).toBe('a')
    expect(() => new SecretValues(github, { token: 'a', key: 'b' })).toThrow(
      'github takes one secret, not token and key',
    )
  })

  test('of a credential with several secrets are all of them', () => {
    const jira = new Connection('jira', {
      secrets: { username: 'JIRA_USER', password: 'JIRA_TOKEN' },
      baseUrl: 'https://jira.example',
      credential: { kind: 'basic' },
    })
    expect(new SecretValues(jira, { username: 'ada', password: 'p' }).toSealable()).toEqual({
      provider: 'jira',
      name: 'jira',
      baseUrl: 'https://jira.example',
      credential: { kind: 'basic' },
      secrets: {
        username: new TextEncoder().encode('ada'),
        password: new TextEncoder().encode('p'),
      },
    })
    expect(new SecretValues(jira, { username: 'key' }).toSealable().secrets).toEqual({
      username: new TextEncoder().encode('key'),
    })
    expect(() => new SecretValues(jira, {})).toThrow('jira needs username or password')

    const aws = new Connection('aws', {
      secrets: { access_key_id: 'AWS_ID', secret_access_key: 'AWS_KEY' },
      baseUrl: 'https://s3.eu-central-1.amazonaws.com',
      credential: { kind: 'aws_sigv4', region: 'eu-central-1', service: 's3' },
    })
    expect(() => new SecretValues(aws, { access_key_id: 'a' })).toThrow(
      'aws needs secret_access_key',
    )
  })

  test.each<[CredentialKind, Record<string, string>]>([
    [{ kind: 'bearer' }, { token: 't' }],
    [{ kind: 'basic' }, { username: 'u', password: 'p' }],
    [{ kind: 'mtls' }, { certificate: '-----BEGIN\n', private_key: '-----BEGIN\n' }],
    [
      {
        kind: 'fields',
        fields: ['app_key', 'app_id'],
        inject: [
          { in: 'header', name: 'X-Key', template: '{app_key}' },
          { in: 'query', name: 'id', template: '{app_id}' },
        ],
      },
      { app_key: 'k', app_id: 'i' },
    ],
  ])('for %j can be sealed with every field', (credential, values) => {
    const baseUrl = 'https://api.example/v1'
    const api = new Connection('api', { secrets: values, baseUrl, credential })
    const { secrets, ...sealable } = new SecretValues(api, values).toSealable()
    const binding = {
      handle: parseConnectionHandle(`ddls:conn:${'0'.repeat(26)}-api`),
      owner: 'usr_ada',
      provider: sealable.provider,
      allowed_hosts: ['api.example'],
      upload_nonce: '0'.repeat(16),
      created_at: 0,
      pins: {},
    }
    const header = { credential: sealable.credential, base_url: sealable.baseUrl, binding }
    const opened = decodeEnvelope(encodeEnvelope({ header, secrets })).secrets
    const texts = Object.entries(opened).map(([name, value]) => [name, Buffer.from(value) + ''])
    expect(Object.fromEntries(texts)).toEqual(values)
  })

  test('are refused when they are missing or not the connection’s, without a word of them', () => {
    expect(() => new SecretValues(github, {})).toThrow('github needs token or key')
    expect(() => new SecretValues(github, { token: '' })).toThrow('github needs token or key')
    const wrong = (): SecretValues => new SecretValues(github, { hunter2: 'hunter3' })
    expect(wrong).toThrow('github takes the secrets token, key only')
    expect(wrong).not.toThrow(/hunter/)
  })

  test('do not show themselves in logs, errors or JSON', () => {
    const values = new SecretValues(github, { token: 'hunter2' })
    const shown = [
      String(values),
      JSON.stringify({ values }),
      inspect(values, { depth: 9, showHidden: true }),
    ]
    expect(shown.join(' ')).not.toContain('hunter2')
  })
})

describe('a Connection', () => {
  const wrong: ReadonlyArray<[string, () => Connection, RegExp]> = [
    [
      'without secrets',
      () => new Connection('x', { secrets: {}, baseUrl: 'https://a' }),
      /at least one/,
    ],
    [
      'with a relative base URL',
      () => new Connection('x', { secrets: { a: 'A' }, baseUrl: '/a' }),
      /must be https/,
    ],
    [
      'whose template has no place for the key',
      () =>
        new Connection('x', {
          secrets: { a: 'A' },
          baseUrl: 'https://a',
          headerTemplate: 'Bearer',
        }),
      /must contain/,
    ],
    [
      'with a header that ends the line',
      () =>
        new Connection('x', { secrets: { a: 'A' }, baseUrl: 'https://a', headerName: 'A\r\nB' }),
      /not a header name/,
    ],
    [
      'with a name that is a handle',
      () => new Connection('ddls:conn:x', { secrets: { a: 'A' }, baseUrl: 'https://a' }),
      /name is not usable/,
    ],
  ]
  const options = { secrets: { token: 'T' }, baseUrl: 'https://a.example' }
  test.each([
    [{ baseUrl: 'http://a.example' }, /must be https/],
    [{ baseUrl: 'ftp://a.example' }, /must be https/],
    [{ baseUrl: 'https://a.example?x' }, /query/],
    [{ baseUrl: 'https://u:p@a.example' }, /user information/],
    [{ headerName: 'Host' }, /Host cannot carry a secret/],
    [{ headerName: 'Content-Type' }, /Content-Type cannot carry a secret/],
    [{ headerName: 'content_length' }, /content_length cannot carry a secret/],
    [{ credential: { kind: 'nonsense' } }, /credential/],
    [{ credential: { kind: 'basic' } }, /takes the secrets username, password, not token/],
    [
      {
        credential: { kind: 'aws_sigv4', region: 'r', service: 's' },
        secrets: { access_key_id: '' },
      },
      /needs the secret secret_access_key/,
    ],
    [{ credential: { kind: 'bearer' }, headerName: 'X-Key' }, /headerName/],
    [
      {
        credential: {
          kind: 'fields',
          fields: ['token'],
          inject: [{ in: 'header', name: 'Transfer-Encoding', template: '{token}' }],
        },
      },
      /Transfer-Encoding cannot carry a secret/,
    ],
  ])('with %j is refused', (part, message) => {
    expect(() => new Connection('a', { ...options, ...part } as never)).toThrow(message)
    expect(() => new Connection('a', { ...options, ...part } as never)).toThrow(TypeError)
  })

  test.each(wrong)('%s is refused', (_name, make, message) => {
    expect(make).toThrow(message)
  })
})
