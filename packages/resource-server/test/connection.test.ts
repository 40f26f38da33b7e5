import { inspect } from 'node:util'
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

  test('take the first value in the order of Dedalus clients: key before token', () => {
    expect(textOf(new SecretValues(github, { token: 'a', key: 'b' }))).toBe('b')
    expect(textOf(new SecretValues(github, { token: 'a', key: '' }))).toBe('a')
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
      /absolute/,
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
  test.each(wrong)('%s is refused', (_name, make, message) => {
    expect(make).toThrow(message)
  })
})
