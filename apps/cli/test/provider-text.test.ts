import { loadCatalog } from '@holdfast/providers'
import { describe, expect, it } from 'vitest'
import { providerText } from '../src/commands/provider-text.ts'
import { planOAuthApp } from '../src/connect/oauth-app.ts'

const catalog = loadCatalog()

describe('the text of a provider', () => {
  it.each(catalog.providers.map((provider) => [provider.name, provider] as const))(
    'says all that the catalog knows of %s',
    (_, provider) => {
      const text = [...providerText(provider)].join('\n')
      const { headers = {}, rate_limit: limits = {}, variables = {}, oauth } = provider
      const urls = [
        oauth?.authorization_endpoint,
        oauth?.token_endpoint,
        oauth?.revocation_endpoint,
        oauth?.revocation_request?.url,
        oauth?.access_page,
        oauth?.register_url,
        oauth?.token_endpoint_auth_method,
      ]
      const inputs = provider.kinds.flatMap((kind) => Object.entries(kind.inputs))
      for (const known of [
        provider.docs,
        provider.base_url,
        ...urls.filter((url) => url !== undefined),
        ...Object.entries(headers).map((pair) => pair.join(': ')),
        ...Object.values(limits),
        ...Object.keys(variables),
        ...inputs.flatMap(([name, { title, example }]) => [name, title, example]),
        ...(oauth?.refresh_gone?.errors ?? []),
      ]) {
        expect(text).toContain(known)
      }
    },
  )

  it('says what keys look like, what may be left out, and that people run it themselves', () => {
    const text = (name: string) => [...providerText(catalog.byName.get(name)!)].join('\n')
    expect(text('github')).toContain('starts with github_pat_')
    expect(text('github')).toContain('--base-url')
    expect(text('stripe')).not.toContain('--base-url')
    expect(text('google-drive')).toMatch(/subject .*\(optional\)/)
    expect(text('github')).toContain('checks PKCE')
    expect(text('slack')).toContain('ignores PKCE')
  })
})

describe('an OAuth app', () => {
  it('is registered at a page that the catalog knows', () => {
    const plan = (name: string) => planOAuthApp(catalog, name, { clientId: 'abc' })
    expect(plan('github').registerUrl).toBe('https://github.com/settings/developers')
    expect(plan('hubspot').registerUrl).toBeUndefined()
  })
})
