import { parseBaseUrl } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import {
  connectionIdentity,
  findProvider,
  loadCatalog,
  matchBaseUrl,
  type Provider,
  ProviderError,
  resolveBaseUrl,
} from '../src/index.ts'
import { exampleVariables, hostileValues } from '../src/testing.ts'

const catalog = loadCatalog()
const provider = (name: string): Provider => findProvider(catalog, name)!
const tenants = catalog.providers.flatMap((provider) =>
  Object.keys(provider.variables ?? {}).map((name) => [provider.name, name, provider] as const),
)

describe('the base URL of a tenant', () => {
  it('is made of the tenant’s name', () => {
    const zendesk = provider('zendesk')
    expect(resolveBaseUrl(zendesk, { subdomain: 'acme' })).toBe('https://acme.zendesk.com')
    expect(resolveBaseUrl(provider('datadog'), { site: 'us3.datadoghq.com' })).toBe(
      'https://api.us3.datadoghq.com',
    )
  })

  it('needs every value that has no default', () => {
    expect(() => resolveBaseUrl(provider('zendesk'))).toThrow(/needs subdomain/)
    expect(resolveBaseUrl(provider('intercom'))).toBe('https://api.intercom.io')
  })

  it('takes no value that it does not name', () => {
    expect(() => resolveBaseUrl(provider('github'), { host: 'evil.com' })).toThrow(ProviderError)
    expect(() => resolveBaseUrl(provider('zendesk'), { ['__proto__']: 'x' })).toThrow()
  })

  it.each(tenants)('%s: no value of %s can move the host', (_, name, provider) => {
    const right = new URL(resolveBaseUrl(provider, exampleVariables(provider)))
    for (const value of hostileValues) {
      const given = { ...exampleVariables(provider), [name]: value }
      let moved: string | undefined
      try {
        moved = resolveBaseUrl(provider, given)
      } catch (error) {
        expect(error).toBeInstanceOf(ProviderError)
        expect((error as Error).message).not.toContain('evil')
      }
      // Whatever is let through stays one label in the same place.
      if (moved === undefined) continue
      const { host } = parseBaseUrl(moved)
      expect(host.split('.').slice(1)).toEqual(right.hostname.split('.').slice(1))
    }
  })
})

describe('whose base URL it is', () => {
  it.each(catalog.providers.map((provider) => [provider.name, provider] as const))(
    '%s: its own is read back',
    (_, provider) => {
      const values = exampleVariables(provider)
      expect(matchBaseUrl(provider, resolveBaseUrl(provider, values))).toMatchObject(values)
    },
  )

  it.each([
    ['zendesk', 'https://acme.zendesk.com.evil.com'],
    ['zendesk', 'https://evil.com/.zendesk.com'],
    ['zendesk', 'https://a.b.zendesk.com'],
    ['zendesk', 'https://zendesk.com'],
    ['zendesk', 'https://acme.zendesk.com/api'],
    ['zendesk', 'https://acme.zendesk.com:8443'],
    ['zendesk', 'https://evil.com#.zendesk.com'],
    ['zendesk', 'https://user@acme.zendesk.com'],
    ['stripe', 'https://api.stripe.com.evil.com'],
    ['stripe', 'https://api.stripe.com/v1'],
    ['stripe', 'http://api.stripe.com'],
    ['datadog', 'https://api.evil.com'],
    ['intercom', 'https://evil.com'],
    ['mailchimp', 'https://evil.api.mailchimp.com/3.0'],
  ])('%s is not at %s', (name, baseUrl) => {
    expect(matchBaseUrl(provider(name), baseUrl)).toBeUndefined()
    const kind = provider(name).kinds[0]!.credential.kind
    expect(connectionIdentity(catalog, { provider: name, baseUrl, kind })).toBeUndefined()
  })

  it('of what people run themselves, it may be anywhere', () => {
    const gitlab = {
      provider: 'gitlab',
      baseUrl: 'https://git.example.com/api/v4',
      kind: 'api_key',
    }
    expect(connectionIdentity(catalog, gitlab)?.path.pathname).toBe('/user')
  })

  it('a kind for which the request is not meant gets none', () => {
    const github = { provider: 'github', baseUrl: 'https://api.github.com' }
    expect(connectionIdentity(catalog, { ...github, kind: 'bearer' })).toBeDefined()
    expect(connectionIdentity(catalog, { ...github, kind: 'github_app' })).toBeUndefined()
    expect(connectionIdentity(catalog, { ...github, kind: undefined })).toBeUndefined()
  })
})
