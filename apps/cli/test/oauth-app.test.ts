import { loadCatalog } from '@holdfast/providers'
import { describe, expect, it } from 'vitest'
import { type AppOptions, planOAuthApp } from '../src/connect/oauth-app.ts'

const catalog = loadCatalog()
const plan = (name: string, options: Partial<AppOptions>) =>
  planOAuthApp(catalog, name, { clientId: 'abc', ...options })

describe('an OAuth app of the catalog', () => {
  it('has the catalog’s endpoints at the catalog’s host', () => {
    expect(plan('gitlab', {}).app.token_endpoint).toBe('https://gitlab.com/oauth/token')
    const { baseUrl, app } = plan('gitlab', { baseUrl: 'https://GitLab.com/api/v4/' })
    expect([baseUrl, app.token_endpoint]).toEqual([
      'https://gitlab.com/api/v4',
      'https://gitlab.com/oauth/token',
    ])
  })

  it('does not take an installation’s codes and secret to the catalog’s host', () => {
    const baseUrl = 'https://git.example.com/api/v4'
    expect(() => plan('gitlab', { baseUrl })).toThrow(/another host/)
    expect(() => plan('gitlab', { baseUrl: 'https://gitlab.com.evil.example/api/v4' })).toThrow()
    expect(() =>
      plan('gitlab', { baseUrl, authorizationEndpoint: 'https://git.example.com/oauth/authorize' }),
    ).toThrow(/another host/)
    const { app } = plan('gitlab', {
      baseUrl,
      authorizationEndpoint: 'https://git.example.com/oauth/authorize',
      tokenEndpoint: 'https://git.example.com/oauth/token',
    })
    expect(JSON.stringify(app)).not.toContain('gitlab.com')
  })

  it('is for the account that its base URL names', () => {
    const baseUrl = 'https://acme.zendesk.com'
    expect(plan('zendesk', { baseUrl }).app.token_endpoint).toContain('//acme.zendesk.com/')
    expect(() => plan('zendesk', { baseUrl, set: ['subdomain=bolt'] })).toThrow(/--base-url/)
  })

  it('is described in full where the catalog knows no endpoints', () => {
    expect(() => plan('nobody', { baseUrl: 'https://api.example.com' })).toThrow(/does not know/)
  })
})
