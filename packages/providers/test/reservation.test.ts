import { denyAllPolicy } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import {
  accessPage,
  accountName,
  choosePolicy,
  findKind,
  findProvider,
  loadCatalog,
  type Provider,
  toOAuthApp,
  toReservation,
} from '../src/index.ts'

const catalog = loadCatalog()
const provider = (name: string): Provider => findProvider(catalog, name)!
const resources = ['https://mcp.example.com/mcp']

describe('a reservation', () => {
  it('says where the key goes and allows nothing by itself', () => {
    const anthropic = provider('anthropic')
    expect(toReservation(anthropic, findKind(anthropic))).toEqual({
      provider: 'anthropic',
      base_url: 'https://api.anthropic.com/v1',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'x-api-key',
        header_template: '{api_key}',
      },
    })
  })

  it('takes another host only for what people run themselves', () => {
    const baseUrl = 'https://git.example.com/api/v4'
    const gitlab = provider('gitlab')
    expect(toReservation(gitlab, findKind(gitlab), { baseUrl }).base_url).toBe(baseUrl)
    const stripe = provider('stripe')
    expect(toReservation(stripe, findKind(stripe), { baseUrl }).base_url).toBe(
      'https://api.stripe.com',
    )
  })

  it('signs for the region that its host is in', () => {
    const s3 = provider('aws-s3')
    const made = toReservation(s3, findKind(s3), { variables: { region: 'eu-west-1' } })
    expect(made).toMatchObject({
      base_url: 'https://s3.eu-west-1.amazonaws.com',
      credential: { kind: 'aws_sigv4', region: 'eu-west-1', service: 's3' },
    })
  })

  it('asks a token endpoint of the same tenant', () => {
    const salesforce = provider('salesforce')
    const made = toReservation(salesforce, findKind(salesforce, 'client_credentials'), {
      variables: { domain: 'acme' },
      details: { client_id: 'abc' },
    })
    expect(made.credential).toMatchObject({
      token_endpoint: 'https://acme.my.salesforce.com/services/oauth2/token',
    })
  })

  it('needs the details of its kind, in their form', () => {
    const github = provider('github')
    const app = findKind(github, 'app')
    expect(() => toReservation(github, app)).toThrow(/needs app_id/)
    const details = { app_id: 'Iv1', installation_id: '1; drop' }
    expect(() => toReservation(github, app, { details })).toThrow(/installation_id/)
  })

  it('of a kind by its id or by its credential; of no other', () => {
    expect(findKind(provider('github')).id).toBe('fine_grained')
    expect(findKind(provider('github'), 'github_app').id).toBe('app')
    expect(() => findKind(provider('github'), 'mtls')).toThrow(/no such kind/)
  })

  it('is not made where somebody signs in', () => {
    const spotify = provider('spotify')
    expect(() => toReservation(spotify, findKind(spotify))).toThrow(/cannot be sealed/)
  })
})

describe('an OAuth app', () => {
  it('has the endpoints of the provider, for the tenant', () => {
    expect(toOAuthApp(provider('zendesk'), 'id', { subdomain: 'acme' })).toMatchObject({
      kind: 'oauth2_app',
      authorization_endpoint: 'https://acme.zendesk.com/oauth/authorizations/new',
      scopes: ['read'],
    })
  })

  it('asks as the provider wants to be asked', () => {
    expect(toOAuthApp(provider('gmail'), 'id')).toMatchObject({
      authorization_parameters: { access_type: 'offline', prompt: 'consent' },
    })
    expect(toOAuthApp(provider('slack'), 'id')).toMatchObject({ scope_separator: ',' })
  })

  it('says how tokens are ended, for the site; its own slots stay', () => {
    expect(toOAuthApp(provider('box'), 'id')).toMatchObject({
      revocation_endpoint: 'https://api.box.com/oauth2/revoke',
    })
    const { revocation_request: request } = toOAuthApp(provider('square'), 'id', {
      host: 'connect.squareupsandbox.com',
    })
    expect(request).toMatchObject({
      url: 'https://connect.squareupsandbox.com/oauth2/revoke',
      headers: { authorization: 'Client {client_secret}' },
    })
    expect(toOAuthApp(provider('github'), 'id').revocation_request?.url).toBe(
      'https://api.github.com/applications/{client_id}/token',
    )
  })

  it('says which answers to a refresh token mean that it is over', () => {
    const errors = (name: string) => toOAuthApp(provider(name), 'id').refresh_gone?.errors
    expect(errors('github')).toEqual(['bad_refresh_token'])
    expect(errors('hubspot')).toEqual(['BAD_REFRESH_TOKEN'])
  })

  it('has a page to end the access by hand at the provider’s own host alone', () => {
    const github = { provider: 'github', baseUrl: 'https://api.github.com' }
    expect(accessPage(catalog, github)).toBe('https://github.com/settings/applications')
    expect(accessPage(catalog, { ...github, baseUrl: 'https://evil.example' })).toBeUndefined()
    expect(accessPage(catalog, { ...github, provider: 'stripe' })).toBeUndefined()
  })

  it('is nothing where nobody signs in', () => {
    expect(() => toOAuthApp(provider('stripe'), 'id')).toThrow()
  })
})

describe('what is allowed', () => {
  it('is nothing unless somebody chooses', () => {
    expect(choosePolicy(provider('github'), { preset: 'none' }).policy).toEqual(denyAllPolicy)
  })

  it('is reading, for the resources that are named', () => {
    expect(choosePolicy(provider('github'), { preset: 'read', resources }).policy).toEqual({
      methods: ['GET'],
      paths: ['/**'],
      resources,
    })
  })

  it('is the operations that are named, and it says what comes with them', () => {
    const operations = ['issues.list', 'pulls.create']
    const choice = { preset: 'operations', operations, resources } as const
    const { policy, also } = choosePolicy(provider('github'), choice)
    expect(policy).toEqual({
      methods: ['GET', 'POST'],
      paths: ['/repos/*/*/issues', '/repos/*/*/pulls'],
      resources,
    })
    expect(also.map(({ name }) => name)).toEqual(['issues.create', 'pulls.list'])
  })

  it('is no operation that the catalog does not know', () => {
    const choice = { preset: 'operations', operations: ['repos.delete'], resources } as const
    expect(() => choosePolicy(provider('github'), choice)).toThrow(/no such operation/)
  })
})

describe('the account', () => {
  it.each<[string, readonly string[], unknown, string | undefined]>([
    ['the first that is there', ['/a', '/b/c'], { b: { c: 'ada' } }, 'ada'],
    ['a number', ['/id'], { id: 42 }, '42'],
    ['an entry of a list', ['/0/name'], [{ name: 'ada' }], 'ada'],
    ['an escaped key', ['/a~1b/c~0d'], { 'a/b': { 'c~d': 'ada' } }, 'ada'],
    ['nothing of an object', ['/a'], { a: { b: 1 } }, undefined],
    ['nothing inherited', ['/constructor/name'], {}, undefined],
    ['nothing of a prototype', ['/__proto__'], { a: 1 }, undefined],
    ['nothing of an empty text', ['/a'], { a: ' \u200b ' }, undefined],
    ['nothing of no JSON', ['/a'], undefined, undefined],
  ])('is %s', (_, pointers, answer, name) => {
    expect(accountName(pointers, answer)).toBe(name)
  })
})
