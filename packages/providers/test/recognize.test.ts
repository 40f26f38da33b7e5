import { describe, expect, it } from 'vitest'
import { checkKey, findKind, findProvider, loadCatalog, recognizeKey } from '../src/index.ts'
import { samplePattern } from '../src/testing.ts'

const catalog = loadCatalog()
const x = (count: number): string => 'x0'.repeat(count / 2)

const check = (name: string, kindId: string, field: string, key: string) => {
  const provider = findProvider(catalog, name)!
  return checkKey(catalog, provider, findKind(provider, kindId), field, key)
}

describe('a pasted key', () => {
  it.each([
    [`github_pat_${x(82)}`, 'github', 'fine_grained'],
    [`ghp_${x(36)}`, 'github', 'classic'],
    [`glpat-${x(20)}`, 'gitlab', 'token'],
    [`sk-ant-api03-${x(90)}`, 'anthropic', 'api_key'],
    [`sk-or-v1-${'a1'.repeat(32)}`, 'openrouter', 'api_key'],
    [`sk-proj-${x(40)}`, 'openai', 'api_key'],
    [`xoxb-${x(40)}`, 'slack', 'bot'],
    [`rk_live_${x(30)}`, 'stripe', 'restricted'],
    [`hf_${x(34)}`, 'hugging-face', 'token'],
    [`tvly-${x(30)}`, 'tavily', 'api_key'],
  ])('%s… is recognised', (key, name, kind) => {
    const [best] = recognizeKey(catalog, key)
    expect([best?.provider.name, best?.kind.id]).toEqual([name, kind])
  })

  it.each(['deadbeef'.repeat(5), 'correct horse battery staple', '', 'x'.repeat(100_000)])(
    'without a telling beginning is nobody’s',
    (key) => {
      expect(recognizeKey(catalog, key)).toEqual([])
    },
  )

  it('of every provider fits where it belongs', () => {
    for (const provider of catalog.providers) {
      for (const kind of provider.kinds) {
        for (const [name, { patterns = [] }] of Object.entries(kind.fields)) {
          for (const pattern of patterns) {
            const key = samplePattern(pattern, (below) => below - 1)
            const found = checkKey(catalog, provider, kind, name, key)
            expect([provider.name, kind.id, pattern, found]).toEqual([
              provider.name,
              kind.id,
              pattern,
              { finding: 'fits' },
            ])
          }
        }
      }
    }
  })

  it.each([
    ['stripe', 'restricted', 'token', `pk_live_${x(24)}`, /publishable/],
    ['stripe', 'restricted', 'token', `sk_live_${x(24)}`, /secret key/],
    ['stripe', 'secret', 'token', `whsec_${x(24)}`, /webhook/],
    ['github', 'fine_grained', 'token', `ghp_${x(36)}`, /classic/],
    ['github', 'fine_grained', 'token', `gho_${x(36)}`, /app/],
    ['slack', 'bot', 'token', `xapp-${x(40)}`, /app-level/],
    ['slack', 'bot', 'token', `https://hooks.slack.com/services/T0/B0/${x(24)}`, /webhook/],
    ['anthropic', 'api_key', 'api_key', `sk-ant-admin01-${x(90)}`, /admin/],
    ['supabase', 'secret_key', 'api_key', `sb_publishable_${x(30)}`, /publishable/],
    ['sentry', 'token', 'token', `https://${'ab'.repeat(16)}@o1.ingest.sentry.io/42`, /DSN/],
    ['telegram-bot', 'token', 'api_key', '123456789', /id/],
    ['zendesk', 'api_token', 'username', 'bob@example.org', /\/token/],
    ['twilio', 'auth_token', 'username', `SK${'0a'.repeat(16)}`, /api_key/],
  ])('of the wrong kind for %s (%s, %s) says which one it is', (name, kind, field, key, words) => {
    const found = check(name, kind, field, key)
    expect(found).toMatchObject({ finding: 'wrong', words: expect.stringMatching(words) })
    expect(JSON.stringify(found)).not.toContain(key)
  })

  it('of another provider says whose it is', () => {
    const found = check('openai', 'api_key', 'token', `sk-ant-api03-${x(90)}`)
    expect(found).toMatchObject({
      finding: 'other',
      recognized: { provider: { name: 'anthropic' } },
    })
  })

  it('that is like nothing is not called right', () => {
    expect(check('github', 'fine_grained', 'token', 'hunter2')).toEqual({ finding: 'unlike' })
  })

  it('is taken as it is where the provider promises nothing', () => {
    expect(check('mistral', 'api_key', 'token', 'hunter2hunter2')).toEqual({ finding: 'fits' })
  })
})
