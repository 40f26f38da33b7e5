import { readdirSync } from 'node:fs'
import path from 'node:path'
import { credentialKindSchema } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { builtInProviders } from '../src/data/index.ts'
import {
  findProvider,
  isPasted,
  lintProvider,
  loadCatalog,
  parseProvider,
  type ProviderData,
  ProviderError,
  suggestProviders,
  toReservation,
} from '../src/index.ts'
import { exampleVariables } from '../src/testing.ts'

const catalog = loadCatalog()

describe('the built-in catalog', () => {
  it('knows at least a hundred providers, each under one name', () => {
    expect(builtInProviders.length).toBeGreaterThanOrEqual(100)
    const names = builtInProviders.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('takes no answer for the end of a token that refuses the client or too many requests as well', () => {
    const ambiguous = new Set([401, 403, 422, 429])
    for (const { name, oauth } of builtInProviders) {
      const answers = [oauth?.revocation_request?.gone, oauth?.refresh_gone]
      const statuses = answers.flatMap((gone) => gone?.statuses ?? [])
      expect(
        statuses.filter((status) => ambiguous.has(status)),
        name,
      ).toEqual([])
    }
  })

  it('knows for all but one where people sign in how their access is ended', () => {
    const unknown = catalog.providers.filter(
      ({ kinds, oauth }) =>
        kinds.some(({ credential }) => credential.kind === 'oauth2') &&
        (oauth?.revocation_endpoint ?? oauth?.revocation_request ?? oauth?.access_page) ===
          undefined,
    )
    // No document of ClickUp's was found that says how.
    expect(unknown.map(({ name }) => name)).toEqual(['clickup'])
  })

  it('has one file per provider, and lists every file', () => {
    const files = readdirSync(path.join(import.meta.dirname, '../src/data'))
      .map((file) => file.replace('.ts', ''))
      .filter((file) => !['index', 'google-oauth', 'aws-keys'].includes(file))
    expect(files.sort()).toEqual(builtInProviders.map(({ name }) => name).sort())
  })

  describe.each(catalog.providers.map((provider) => [provider.name, provider] as const))(
    '%s',
    (_, provider) => {
      it('has no lint', () => {
        expect(lintProvider(provider)).toEqual([])
      })

      it('speaks https only, below one canonical host', () => {
        const { authorization_endpoint, token_endpoint, revocation_endpoint } = provider.oauth ?? {}
        const urls = [
          provider.docs,
          provider.base_url,
          ...[authorization_endpoint, token_endpoint, revocation_endpoint].filter(
            (url) => url !== undefined,
          ),
          ...provider.kinds.flatMap(({ fields }) =>
            Object.values(fields).flatMap(({ where }) => (where ? [where.url] : [])),
          ),
        ]
        for (const url of urls) expect(url).toMatch(/^https:\/\/[a-z0-9{]/)
      })

      it('identifies by GET alone', () => {
        expect(provider.identity?.method ?? 'GET').toBe('GET')
      })

      it('makes credentials that the protocol takes', () => {
        for (const kind of provider.kinds.filter(isPasted)) {
          const details = Object.fromEntries(
            Object.entries(kind.inputs).map(([name, { example }]) => [name, example]),
          )
          const variables = exampleVariables(provider)
          const { credential } = toReservation(provider, kind, { variables, details })
          expect(credentialKindSchema.parse(credential)).toEqual(credential)
        }
      })
    },
  )
})

const acme: ProviderData = {
  name: 'acme',
  title: 'Acme',
  category: 'work',
  docs: 'https://acme.example/docs',
  verified: 'unverified',
  checked: '2026-11-23',
  base_url: 'https://{tenant}.acme.example/api',
  variables: { tenant: { title: 'Tenant', example: 'bolt' } },
  kinds: [
    {
      id: 'token',
      title: 'Token',
      credential: { kind: 'bearer' },
      fields: { token: { title: 'Token' } },
    },
  ],
}

describe('a provider', () => {
  it.each<[string, Partial<Record<keyof ProviderData, unknown>>]>([
    ['with http', { base_url: 'http://{tenant}.acme.example' }],
    ['with a user in the base URL', { base_url: 'https://me@{tenant}.acme.example' }],
    ['with a variable that is not declared', { base_url: 'https://{other}.acme.example' }],
    ['with a variable that is not used', { base_url: 'https://acme.example' }],
    ['with a pattern that could take forever', { kinds: [tokenWith('(a+)+$')] }],
    ['without the fields of its kind', { kinds: [{ ...acme.kinds[0], fields: {} }] }],
    ['with two kinds of one id', { kinds: [acme.kinds[0], acme.kinds[0]] }],
    [
      'with an identity request that changes something',
      { identity: { method: 'POST', path: '/me' } },
    ],
    ['with an identity path that leaves the base URL', { identity: { path: '/../admin' } }],
    ['with oauth and no kind that asks for a token', { oauth: oauth({}) }],
    ['with an unknown field', { colour: 'red' } as never],
    ['with a name that no handle can hold', { name: 'Acme Corp' }],
    ['with an operation that no policy can name', { operations: [operation('/a?b')] }],
  ])('is refused %s', (_, change) => {
    const made = (): unknown => {
      const provider = parseProvider({ ...acme, ...change } as ProviderData)
      const [problem] = lintProvider(provider)
      if (problem) throw new ProviderError('INVALID_PROVIDER', problem.problem, '')
      return provider
    }
    expect(made).toThrow(ProviderError)
  })

  it.each(['access_page', 'register_url'])('is refused with an unknown variable in %s', (name) => {
    const kinds = [{ id: 'oauth', title: 'Sign in', credential: { kind: 'oauth2' } }]
    const made = (variable: string): unknown =>
      parseProvider({
        ...acme,
        kinds,
        oauth: oauth({}, { [name]: `https://{${variable}}.acme.example` }),
      } as ProviderData)
    expect(made('tenant')).toBeDefined()
    expect(() => made('other')).toThrow(ProviderError)
  })

  it('describes each scope in words', () => {
    const kinds = [{ id: 'oauth', title: 'Sign in', credential: { kind: 'oauth2' } }]
    const made = (scopes: object): unknown =>
      parseProvider({ ...acme, kinds, oauth: oauth(scopes) } as ProviderData)
    expect(() => made({ read: '' })).toThrow(ProviderError)
    expect(made({ read: 'Read everything.' })).toBeDefined()
  })

  it.each([
    ['a host that whoever fills it in chooses', { base_url: 'https://{tenant}' }],
    [
      'an example that does not fit',
      { variables: { tenant: { title: 'Tenant', example: 'bolt.evil' } } },
    ],
    ['a base URL that is not canonical', { base_url: 'https://{tenant}.Acme.example/' }],
    ['a check that lies in the future', { checked: '2999-01-01' }],
    [
      'an identity request for one of two kinds that look alike',
      {
        kinds: [acme.kinds[0]!, { ...acme.kinds[0]!, id: 'other' }],
        identity: { path: '/me', kinds: ['token'] },
      },
    ],
  ])('has lint for %s', (_, change) => {
    expect(lintProvider(parseProvider({ ...acme, ...change }))).not.toEqual([])
  })
})

function tokenWith(pattern: string): unknown {
  return { ...acme.kinds[0], fields: { token: { title: 'Token', patterns: [pattern] } } }
}

function oauth(scopes: object, more: object = {}): object {
  return {
    authorization_endpoint: 'https://acme.example/authorize',
    token_endpoint: 'https://acme.example/token',
    token_endpoint_auth_method: 'none',
    pkce: true,
    scopes,
    ...more,
  }
}

function operation(path: string): object {
  return { name: 'things.list', method: 'GET', path, words: 'List things.' }
}

describe('an operator’s own provider', () => {
  const provider = parseProvider(acme)

  it('joins the catalog', () => {
    expect(findProvider(loadCatalog([{ provider }]), 'acme')).toBe(provider)
  })

  it('replaces a built-in one only explicitly', () => {
    const github = { ...provider, name: 'github' }
    expect(() => loadCatalog([{ provider: github }])).toThrow(/override: true|built-in/)
    const replaced = loadCatalog([{ provider: github, override: true }])
    expect(findProvider(replaced, 'github')?.title).toBe('Acme')
  })

  it('does not replace another one of theirs', () => {
    const twice = [{ provider }, { provider, override: true }]
    expect(() => loadCatalog(twice)).toThrow(ProviderError)
  })
})

describe('a name that nobody knows', () => {
  it.each([
    ['gitub', 'github'],
    ['Open AI', 'openai'],
    ['jira-cloud', 'jira'],
    ['twillio', 'twilio'],
  ])('%s may mean %s', (name, meant) => {
    expect(suggestProviders(catalog, name)).toContain(meant)
  })

  it('means nothing when it is like nothing', () => {
    expect(suggestProviders(catalog, 'qqqqqqqqqqqq')).toEqual([])
  })
})
