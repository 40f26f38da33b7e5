import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { providersTable } from '../scripts/providers-table.ts'
import { lintProvider, parseProvider, type ProviderData } from '../src/index.ts'

const docs = readFileSync(path.join(import.meta.dirname, '../../../docs/providers.md'), 'utf8')

/** The formatter pads the cells. */
const unpadded = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')

const signIn: ProviderData = {
  name: 'acme',
  title: 'Acme',
  category: 'work',
  docs: 'https://developer.acme.example/auth',
  verified: 'unverified',
  checked: '2026-11-23',
  base_url: 'https://api.acme.example',
  kinds: [{ id: 'oauth', title: 'Sign in', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://acme.example/authorize',
    token_endpoint: 'https://acme.example/token',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {},
  },
}

/** Where nothing else matters, a page shows only a part of `oauth`. */
const whole = (example: Partial<ProviderData>): ProviderData =>
  example.name === undefined
    ? ({ ...signIn, oauth: { ...signIn.oauth, ...example.oauth } } as ProviderData)
    : (example as ProviderData)

describe('docs/providers.md', () => {
  it('lists every provider (else run packages/providers/scripts/write-docs.ts)', () => {
    expect(unpadded(docs)).toContain(unpadded(providersTable()))
  })

  it('shows own providers that are right', () => {
    const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
    expect(examples.length).toBeGreaterThan(0)
    for (const text of examples) {
      const provider = parseProvider(whole(parse(text) as Partial<ProviderData>))
      expect(lintProvider(provider)).toEqual([])
    }
  })
})
