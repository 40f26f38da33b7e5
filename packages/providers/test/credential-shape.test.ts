import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { credentialFields } from '@holdfast/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { toOAuthApp, toReservation } from '../src/index.ts'
import { readProviderFiles } from '../src/node/index.ts'

const head = `name: acme
title: Acme
category: work
docs: https://acme.example/docs
verified: unverified
checked: 2026-11-23
base_url: https://{tenant}.acme.example
variables: { tenant: { title: Tenant, example: bolt } }
`

const oauth = `oauth:
  authorization_endpoint: https://{tenant}.acme.example/authorize
  token_endpoint: https://{tenant}.acme.example/token
  token_endpoint_auth_method: client_secret_basic
  pkce: true
  scopes: {}
`

/** An operator's file with one kind; each field and input gets no more than a title. */
function kindOf(
  credential: string,
  fields: readonly string[],
  inputs: readonly string[] = [],
  rest = '',
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-shape-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const list = (names: readonly string[], extra: string): string =>
    `{ ${names.map((name) => `${name}: { title: A value${extra} }`).join(', ')} }`
  const kind = `kinds:
  - id: one
    title: The one
    credential: ${credential}
    fields: ${list(fields, '')}
    inputs: ${list(inputs, ", example: '42'")}
`
  writeFileSync(path.join(folder, 'acme.yaml'), head + rest + kind)
  const provider = readProviderFiles(folder)[0]!.provider
  return { provider, kind: provider.kinds[0]! }
}

type Form = readonly [credential: string, fields: string[], inputs?: string[], rest?: string]
const inject = (place: string): string => `[{ in: ${place}, template: '{a}' }]`

const forms: readonly Form[] = [
  ["{ kind: api_key, header_name: x-key, header_template: '{api_key}' }", ['api_key']],
  ["{ kind: api_key, in: header, header_name: x, header_template: '{api_key}' }", ['api_key']],
  ['{ kind: api_key, in: query, name: key }', ['api_key']],
  ['{ kind: api_key, in: cookie, name: key }', ['api_key']],
  ["{ kind: api_key, in: path, template: '/bot{api_key}' }", ['api_key']],
  ["{ kind: api_key, in: path, template: '{api_key}', segment: 2 }", ['api_key']],
  ['{ kind: api_key, in: body, format: json, name: key }', ['api_key']],
  ['{ kind: bearer }', ['token']],
  ['{ kind: basic }', ['username', 'password']],
  ...['header, name: x', 'query, name: x', 'cookie, name: x', 'path, segment: 2'].map(
    (place): Form => [`{ kind: fields, fields: [a], inject: ${inject(place)} }`, ['a']],
  ),
  [`{ kind: fields, fields: [a], inject: ${inject('body, format: form, name: x')} }`, ['a']],
  [
    "{ kind: hmac, algorithm: sha256, encoding: hex, string_to_sign: '{body}', signature: { in: header, name: x-sig }, key_id: { in: query, name: id } }",
    ['secret', 'key_id'],
  ],
  ["{ kind: aws_sigv4, region: '{tenant}', service: s3 }", ['access_key_id', 'secret_access_key']],
  [
    '{ kind: aws_sigv4, region: eu, service: s3, payload: chunked }',
    ['access_key_id', 'secret_access_key', 'session_token'],
  ],
  ['{ kind: mtls }', ['certificate', 'private_key']],
  [
    `{ kind: mtls, fields: [a], inject: ${inject('header, name: x')} }`,
    ['certificate', 'private_key', 'a'],
  ],
  ["{ kind: oauth2, header: { name: x-t, template: '{access_token}' } }", [], [], oauth],
  [
    "{ kind: oauth2_client_credentials, parameters: { audience: 'https://{tenant}.acme.example' } }",
    ['client_secret'],
    ['client_id'],
    oauth,
  ],
  [
    "{ kind: jwt_bearer, algorithm: ES256, audience: 'https://{tenant}.acme.example' }",
    ['private_key'],
    ['issuer', 'key_id'],
    oauth,
  ],
  ['{ kind: github_app }', ['private_key'], ['app_id', 'installation_id']],
]

const variables = { tenant: 'acme' }

describe('an operator’s file', () => {
  it.each(forms.map((form) => ({ form })))('can say $form.0', ({ form }) => {
    const { provider, kind } = kindOf(...form)
    const details = Object.fromEntries(Object.keys(kind.inputs).map((name) => [name, '7']))
    const made =
      kind.credential.kind === 'oauth2'
        ? toOAuthApp(provider, 'client', variables)
        : toReservation(provider, kind, { variables, details }).credential
    const { kind: _, ...said } = kind.credential
    const filled: unknown = JSON.parse(JSON.stringify(said).replaceAll('{tenant}', 'acme'))
    expect(made).toMatchObject(filled as object)
  })

  it('can say every kind that is sealed from what a person gives, or signs in for', () => {
    const said = forms.map(([credential]) => /kind: (\w+)/.exec(credential)?.[1])
    const kinds = Object.keys(credentialFields).filter((kind) => kind !== 'oauth2_app')
    expect(new Set(said)).toEqual(new Set(kinds))
  })

  const wrong: readonly Form[] = [
    ['{ kind: bearer }', ['token', 'session_token']],
    ['{ kind: aws_sigv4, region: eu, service: s3 }', ['access_key_id']],
    ['{ kind: basic }', ['username']],
    ['{ kind: jwt_bearer, algorithm: ES256 }', ['private_key'], ['subject'], oauth],
    ['{ kind: jwt_bearer, algorithm: ES256, issuer: x }', ['private_key'], ['issuer'], oauth],
    ['{ kind: oauth2, client_id: x }', [], [], oauth],
    ['{ kind: oauth2_app }', ['client_secret'], [], oauth],
  ]

  it.each(wrong.map((form) => ({ form })))('is refused with $form', ({ form }) => {
    expect(() => kindOf(...form)).toThrow(/acme\.yaml/)
  })
})
