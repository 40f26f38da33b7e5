import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { signedIn } from './signed-in.ts'
import { tempDir } from './temp-dir.ts'

const acme = `name: acme
title: Acme
category: work
docs: https://acme.example/docs
verified: unverified
checked: 2026-11-23
base_url: https://api.acme.example
kinds:
  - { id: token, title: Token, credential: { kind: bearer }, fields: { token: { title: Token } } }
`

const json = (value: object): string => JSON.stringify(value)
const ghp = `ghp_${'c4n4ry0000'.repeat(4)}`

describe('providers', () => {
  it('are listed, by category, kind and text', async () => {
    const names = async (...filter: string[]): Promise<string[]> => {
      const { stdout } = await holdfast(['providers', 'list', '--json', ...filter])
      return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
    }
    expect((await names()).length).toBeGreaterThanOrEqual(100)
    expect(await names('--category', 'search')).toContain('tavily')
    expect(await names('--kind', 'aws_sigv4')).toEqual(['aws-bedrock', 'aws-s3'])
    expect(await names('--search', 'gitl')).toEqual(['gitlab'])
  })

  it('are shown, with where the key is', async () => {
    const { code, stdout } = await holdfast(['providers', 'show', 'stripe'])
    expect(code).toBe(exitCodes.ok)
    expect(stdout).toContain('https://dashboard.stripe.com/apikeys')
    expect(stdout).toContain('GET /v1/account')
  })

  it('that nobody knows exit with 5 and name the nearest', async () => {
    const { code, stderr } = await holdfast(['providers', 'show', 'gitub'])
    expect(code).toBe(exitCodes.notFound)
    expect(stderr).toContain('did you mean github')
    expect(stderr).toContain('--base-url')
    expect(stderr).toContain('HOLDFAST_PROVIDERS_DIR')
  })

  it('of your own are part of it; a wrong file names its line', async () => {
    const dir = tempDir()
    const file = path.join(dir, 'acme.yaml')
    const env = { HOLDFAST_PROVIDERS_DIR: dir }
    writeFileSync(file, acme)
    const lint = await holdfast(['providers', 'lint'], { env })
    expect(lint.code, lint.stderr).toBe(exitCodes.ok)
    expect((await holdfast(['providers', 'show', 'acme'], { env })).stdout).toContain('Acme')
    writeFileSync(file, acme.replace('category: work', 'category: fun'))
    for (const args of [['providers', 'lint'], ['up']]) {
      const { code, stderr } = await holdfast(args, { env })
      expect(code, stderr).toBe(exitCodes.usage)
      expect(stderr).toContain(`${file}, line 3: category`)
      expect(stderr).toContain('fix:')
    }
  })
})

describe('connections add PROVIDER', () => {
  const canary = 'c4n4ry0000'.repeat(4)

  it.each([
    ['github', [], `ghp_${canary}`, 'classic'],
    ['github', ['--kind', 'classic'], `github_pat_${canary.repeat(2)}`, '--kind fine_grained'],
    ['stripe', [], `pk_live_${canary}`, 'publishable'],
    ['stripe', ['--kind', 'secret'], `rk_live_${canary}`, '--kind restricted'],
    ['openai', [], `sk-ant-api03-${canary}`, 'Anthropic'],
    ['slack', [], `xapp-${canary}`, 'app-level'],
    ['slack', [], `ghp_${canary.slice(0, 36)}`, 'GitHub'],
    ['anthropic', [], canary, 'which starts with sk-ant-'],
    [
      'datadog',
      [],
      JSON.stringify({ api_key: 'c4'.repeat(20), application_key: 'c4'.repeat(20) }),
      'application key',
    ],
  ])('%s %j refuses a wrong key before anything is sent', async (name, options, input, words) => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'add', name, '--secret-stdin', ...options]
    const { code, stdout, stderr } = await holdfast(args, { dir, input: `${input}\n` })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(words)
    expect(stderr).toContain('nothing was sent')
    expect(stdout + stderr).not.toContain('c4')
    expect(requests.filter((line) => line.includes('/v1/'))).toEqual([])
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const pem = rsa.export({ type: 'pkcs8', format: 'pem' })
  const lock = { cipher: 'aes-256-cbc', passphrase: 'c4n4ry' }
  const encrypted = rsa.export({ type: 'pkcs8', format: 'pem', ...lock })
  const robot = ['google-drive', '--kind', 'service_account', '--set', 'issuer=bot@acme.example']
  const githubApp = ['github', '--kind', 'app', '--set', 'app_id=1', '--set', 'installation_id=2']
  const aws = { access_key_id: `ASIA${'C4'.repeat(8)}`, secret_access_key: 'c4'.repeat(20) }
  const byHand = ['acme', '--base-url', 'https://api.acme.example']
  const awsByHand = '{"kind":"aws_sigv4","region":"eu-central-1","service":"s3"}'

  it.each<[string, readonly string[], string, string]>([
    ['a temporary key where a lasting one goes', ['aws-s3'], json(aws), 'temporary_key'],
    [
      'a value that the kind does not have',
      ['aws-s3'],
      json({ ...aws, session_token: canary }),
      'access_key_id, secret_access_key',
    ],
    [
      'a value that a kind by hand does not have',
      [...byHand, '--injection', awsByHand],
      json({ ...aws, sesion_token: canary }),
      'access_key_id, secret_access_key, session_token',
    ],
    [
      'a whole key file',
      robot,
      json({ private_key: pem, client_id: canary }),
      'jq -r .private_key',
    ],
    ['no PEM', robot, canary, 'PEM'],
    ['a PEM with a password', githubApp, encrypted, 'password'],
    ['a PEM in one line', githubApp, pem.replaceAll('\n', '\\n'), 'PEM'],
    ['another provider’s key', [...byHand, '--kind', 'bearer'], `sk_live_${canary}`, 'Stripe'],
    [
      'another provider’s key in JSON',
      [...byHand, '--kind', 'basic'],
      json({ username: 'c4n4ry', password: `sk-ant-api03-${canary}` }),
      'Anthropic',
    ],
  ])('refuses %s before anything is sent', async (_, options, input, words) => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'add', ...options, '--secret-stdin']
    const { code, stdout, stderr } = await holdfast(args, { dir, input })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(words)
    expect(stdout + stderr).not.toMatch(/c4|MII/i)
    expect(requests.filter((line) => line.includes('/v1/'))).toEqual([])
  })

  it.each<[string, readonly string[], string]>([
    [
      'a temporary AWS key with its session token',
      ['aws-s3', '--kind', 'temporary_key'],
      json({ ...aws, session_token: canary }),
    ],
    ['a value by its name in JSON', ['mistral'], json({ token: canary })],
    ['a PEM', githubApp, pem],
    ['a key of the provider at its own host', ['gh', '--base-url', 'https://api.github.com'], ghp],
    ['a key of the provider elsewhere', ['github', '--base-url', 'https://acme.example'], ghp],
    ['another provider’s key with --any-key', [...byHand, '--any-key'], ghp],
  ])('seals %s', async (_, options, input) => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'add', ...options, '--secret-stdin']
    const { stderr } = await holdfast(args, { dir, input })
    expect(requests, stderr).toContain('POST /v1/connections')
  })

  it('seals what does not look right with --any-key', async () => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'add', 'anthropic', '--secret-stdin', '--any-key']
    await holdfast(args, { dir, input: canary })
    expect(requests).toContain('POST /v1/connections')
  })

  it.each([
    ['without its tenant', ['zendesk'], '--set subdomain=acme'],
    ['with a tenant that is a host', ['zendesk', '--set', 'subdomain=evil.com#'], 'subdomain'],
    ['with a value that it does not have', ['github', '--set', 'tenant=x'], 'no such value'],
    ['with a secret among the arguments', ['stripe', '--set', 'token=x'], 'never taken'],
    ['of a kind that it does not have', ['stripe', '--kind', 'mtls'], 'restricted, secret'],
    ['where one signs in', ['spotify'], 'browser'],
    ['where one may also paste', ['github', '--kind', 'oauth'], '--kind fine_grained'],
    ['with an unknown operation', ['stripe', '--operations', 'x.y'], 'customers.list'],
    ['with two policies', ['stripe', '--allow', 'read', '--methods', 'GET'], 'one or the other'],
    [
      'with an injection that is none',
      ['x', '--base-url', 'https://x.y', '--injection', '{}'],
      'kind',
    ],
  ])('is refused with 2 %s', async (_, options, words) => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'add', ...options, '--secret-stdin']
    const { code, stderr } = await holdfast(args, { dir, input: 'unused' })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(words)
    expect(requests).toEqual([])
  })

  it('that nobody knows exits with 5', async () => {
    const { dir, requests } = await signedIn()
    const { code } = await holdfast(['connections', 'add', 'gitub'], { dir })
    expect([code, requests]).toEqual([exitCodes.notFound, []])
  })
})
