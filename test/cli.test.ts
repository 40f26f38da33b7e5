/** The command line against a whole Holdfast: from the set-up link to a call by handle. */
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acmeProvider } from './helpers/acme-provider.ts'
import { createBrowser } from './helpers/browser.ts'
import { makeCanary } from './helpers/canary.ts'
import { type Stack, startStack } from './helpers/stack.ts'
import { startUpstream, type Upstream } from './helpers/upstream.ts'

const email = 'ada@example.com'
const password = 'violet-otter-plays-cello-42'
const apiKey = makeCanary()
let upstream: Upstream
let stack: Stack
let handle = ''
let providersDir = ''

beforeAll(async () => {
  upstream = await startUpstream({ apiKey })
  providersDir = await mkdtemp(join(tmpdir(), 'holdfast-providers-'))
  await writeFile(join(providersDir, 'acme.yaml'), acmeProvider(upstream.url))
  stack = await startStack({
    allowPrivate: [`localhost:${upstream.port}`],
    extraCaPem: upstream.caPem,
    settings: {
      HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process',
      HOLDFAST_PROVIDERS_DIR: providersDir,
    },
  })
}, 120_000)

afterAll(async () => {
  await stack.stop()
  await upstream.close()
  await rm(providersDir, { recursive: true })
})

/** Runs a command that must succeed and answers its JSON. */
async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await stack.cli([...args, '--json'])
  expect(code, stdout + stderr).toBe(0)
  return JSON.parse(stdout) as T
}

/** Signs in through a scripted browser, as a person would. */
async function signIn(...args: string[]): Promise<Record<string, unknown>> {
  const child = stack.startCli(['login', '--no-browser', '--json', ...args])
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  const url = await new Promise<string>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      const found = /http:\/\/\S+\/oauth2\/auth\S+/.exec(stderr)?.[0]
      if (found !== undefined) resolve(found)
    })
  })
  const browser = createBrowser({ origin: stack.issuer })
  let page = await browser.open(url)
  page = await browser.submit(page.form('password'), { email, password }, 'Sign in')
  const consent = page.form('Allow')
  const choices = consent.fields.includes('connection') ? { connection: [handle] } : {}
  page = await browser.submit(consent, choices, 'Allow')
  expect(page.leaving?.hostname, page.text).toBe('127.0.0.1')
  const closed = once(child, 'close')
  expect((await request(page.leaving ?? '')).statusCode).toBe(200)
  await closed
  await browser.close()
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('before anybody has signed in', { timeout: 120_000 }, () => {
  test('status names every process, the level with each attack, keys and paths', async () => {
    const status = await json('status')
    expect(status).toMatchObject({
      running: true,
      version: '0.1.0',
      issuer: stack.issuer,
      keys: { fingerprint: expect.stringMatching(/^([0-9a-f]{4} ?){8}$/) as string },
      paths: { dataDir: stack.dataDir },
      processes: ['egress-relay', 'enclave', 'authorization-server'].map((name) => ({
        name,
        health: 'ok',
        version: '0.1.0',
        restarts: 0,
        pid: expect.any(Number) as number,
      })),
    })
    const { attacks } = status['isolation'] as { attacks: { from: string; outcome: string }[] }
    expect(attacks.some(({ from }) => from === 'inside')).toBe(true)
    expect(attacks.some(({ from }) => from === 'outside')).toBe(true)
  })

  test('doctor finds nothing to complain of', async () => {
    const { checks } = await json<{ checks: { id: string; outcome: string }[] }>('doctor')
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })

  test('commands that need a sign-in exit with 3 and say which', async () => {
    const { code, stdout } = await stack.cli(['connections', 'list', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'NOT_SIGNED_IN', fix: 'run `holdfast login`' },
    })
  })

  test('a second instance on the same data folder is refused with the pid of the first', async () => {
    const { pid } = await stack.report()
    const second = await stack.cli(['up', '--port', String(stack.port + 1)])
    expect(second.code).toBe(6)
    expect(second.stderr).toContain(`pid ${pid}`)
    expect(second.stderr).not.toContain('    at ')
  })

  test('the set-up link makes the first administrator once', async () => {
    const args = ['setup', '--email', email, '--password-stdin']
    const weak = await stack.cli(args, 'short\n')
    expect(weak.code).toBe(2)
    expect((await stack.cli(args, `${password}\n`)).code).toBe(0)
    const second = await stack.cli(args, `${password}\n`)
    expect(second.code).toBe(6)
    expect(second.stderr).toContain('holdfast login')
  })
})

describe('signed in', { timeout: 120_000 }, () => {
  test('login keeps its tokens for this user only and shows the fingerprint', async () => {
    const signedIn = await signIn()
    const { fingerprint } = (await json<{ keys: { fingerprint: string } }>('status')).keys
    expect(signedIn).toMatchObject({ issuer: stack.issuer, enclave: { fingerprint } })
    const profile = await stat(String(signedIn['profile']))
    expect(profile.mode & 0o777).toBe(0o600)
  })

  test('token shows claims, and the token only when asked', async () => {
    const { code, stdout } = await stack.cli(['token'])
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/eyJ/)
    expect(JSON.parse(stdout)).toMatchObject({ aud: `${stack.issuer}/v1`, iss: stack.issuer })
    expect((await stack.cli(['token', '--show'])).stdout).toMatch(/^eyJ\S+\n$/)
  })

  test('connections add seals a credential from stdin', async () => {
    const { code, stdout, stderr } = await stack.cli(
      `connections add github --base-url ${upstream.url} --kind bearer --methods GET --paths /** --resources direct --secret-stdin`.split(
        ' ',
      ),
      `${apiKey}\n`,
    )
    expect(code, stderr).toBe(0)
    handle = stdout.trim()
    expect(handle).toMatch(/^ddls:conn:[0-9A-Z]{26}-github$/)
    expect(await json('connections', 'show', handle)).toMatchObject({ status: 'active', handle })
  })

  test('connections test uses it', async () => {
    expect(await json('connections', 'test', handle, '--path', '/user')).toMatchObject({
      status: 200,
    })
  })

  test('connections add PROVIDER refuses the wrong key, and shows whose the right one is', async () => {
    const before = upstream.seen.length
    const add = ['connections', 'add', 'acme', '--secret-stdin']
    const wrong = await stack.cli(add, 'pub_abc\n')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('This is the public key.')
    expect(upstream.seen.length).toBe(before)
    const right = await stack.cli([...add, '--json'], `${apiKey}\n`)
    expect(right.code, right.stderr).toBe(0)
    const added = JSON.parse(right.stdout) as { handle: string }
    expect(added).toMatchObject({
      connection: { account: 'octo', policy: { methods: [], paths: [], resources: [] } },
      identity: { result: 'ok', account: 'octo', status: 200 },
    })
    expect(upstream.seen.slice(before)).toMatchObject([{ method: 'GET', path: '/user' }])
    expect(await json('connections', 'test', added.handle)).toMatchObject({ account: 'octo' })
    expect(await json<unknown[]>('connections', 'list')).toContainEqual(
      expect.objectContaining({ handle: added.handle, account: 'octo' }),
    )
    const refused = await stack.cli(add, 'refused_key\n')
    expect(refused.code).toBe(7)
    expect(refused.stderr).toContain('HTTP 401')
    for (const one of [added.handle, refused.stdout.trim()])
      await json('connections', 'revoke', one)
  })

  test('connections rotate shows whose the new value is, or that it is refused', async () => {
    const added = await stack.cli(
      ['connections', 'add', 'acme', '--secret-stdin', '--no-test'],
      `${apiKey}\n`,
    )
    const acme = added.stdout.trim()
    const asked = upstream.seen.length
    const rotate = async (key: string, ...flags: string[]): Promise<unknown[]> => {
      const args = ['connections', 'rotate', acme, '--secret-stdin', '--json', ...flags]
      const { code, stdout } = await stack.cli(args, `${key}\n`)
      return [code, JSON.parse(stdout)]
    }
    expect(await rotate(apiKey, '--no-test')).toMatchObject([0, { identity: { result: null } }])
    expect(upstream.seen.length).toBe(asked)
    expect(await rotate(apiKey)).toMatchObject([0, { identity: { result: 'ok', account: 'octo' } }])
    expect(await rotate('refused_key')).toMatchObject([
      7,
      { handle: acme, identity: { result: 'refused', status: 401 } },
    ])
  })

  test('connections list and show say who may use which', async () => {
    const { stdout } = await stack.cli(['connections', 'list'])
    expect(stdout.split('\n').find((line) => line.startsWith(handle))).toMatch(/ active +direct /)
    expect(stdout).toMatch(/-acme .* active +nobody /)
    expect(await json<unknown[]>('connections', 'list')).toContainEqual(
      expect.objectContaining({
        handle,
        policy: { methods: ['GET'], paths: ['/**'], resources: [`${stack.issuer}/dispatch`] },
      }),
    )
    expect((await stack.cli(['connections', 'show', handle])).stdout).toContain(
      `methods: GET; paths: /**; resources: ${stack.issuer}/dispatch`,
    )
  })

  test('a host that the operator does not allow is told as that, and not as a matter of the policy', async () => {
    const made = await stack.cli(
      `connections add gitlab --kind token --base-url https://localhost:1/api/v4 --allow read --any-key --secret-stdin`.split(
        ' ',
      ),
      `${apiKey}\n`,
    )
    expect(made.code, made.stderr).toBe(0)
    const elsewhere = made.stdout.trim()
    const asked = await stack.cli(['connections', 'test', elsewhere])
    const called = await stack.cli(['connections', 'test', elsewhere, '--path', '/user'])
    expect([asked.code, called.code]).toEqual([4, 4])
    for (const { stderr } of [made, asked, called]) {
      expect(stderr).toContain('in HOLDFAST_EGRESS_ALLOW and restarts it')
      expect(stderr).not.toContain('connections allow')
    }
  })

  test('call needs a sign-in that names the connection', async () => {
    expect((await stack.cli(['call', handle, 'GET', '/user'])).code).toBe(3)
    await signIn('--dispatch')
    const { code, stdout, stderr } = await stack.cli(['call', handle, 'GET', '/user'])
    expect(code, stderr).toBe(0)
    expect(stderr).toBe('HTTP 200\n')
    expect(JSON.parse(stdout)).toBeTypeOf('object')
    expect(upstream.seen.at(-1)).toMatchObject({ path: '/user', authorized: true })
  })

  test('call exits with the code that the failure has', async () => {
    const code = async (...args: string[]): Promise<number> => (await stack.cli(args)).code
    expect(await code('call', handle, 'DELETE', '/user')).toBeOneOf([2, 4])
    expect(await code('call', handle, 'FETCH', '/user')).toBe(2)
    expect(await code('call', 'ddls:conn:other', 'GET', '/user')).toBe(4)
    await json('connections', 'pause', handle)
    expect(await code('call', handle, 'GET', '/user')).toBe(6)
    await json('connections', 'resume', handle)
    expect(await code('call', handle, 'GET', '/user')).toBe(0)
  })

  test('clients, resources and users are registered, listed and revoked', async () => {
    const client = await json(
      ...'clients register --name Cursor --redirect-uri http://127.0.0.1/cb'.split(' '),
    )
    const id = String(client['client_id'])
    expect(await json<unknown[]>('clients', 'list')).toContainEqual(
      expect.objectContaining({ client_id: id, client_name: 'Cursor' }),
    )
    expect(await json('clients', 'revoke', id)).toMatchObject({
      revoked_at: expect.any(String) as string,
    })
    const uri = 'http://localhost:8000/mcp'
    const resource = await json(
      ...`resources add ${uri} --name Issues`.split(' '),
      '--scope',
      'issues:read=Read issues',
      '--connection',
      'github=Reads your issues',
    )
    expect(resource).toMatchObject({ resource: uri, client_secret: expect.any(String) as string })
    expect(await json<unknown[]>('resources', 'list')).toHaveLength(1)
    await json('resources', 'remove', uri)
    expect(await json<unknown[]>('resources', 'list')).toHaveLength(0)
    expect(await json('users', 'add', 'grace@example.com')).toMatchObject({ role: 'member' })
    const missing = await stack.cli(['users', 'revoke', 'usr_missing'])
    expect(missing.code).toBe(5)
  })

  test('keys rotate, and status shows the new one at once', async () => {
    const { kid } = await json('keys', 'rotate', '--what', 'sealing')
    const { keys } = await json<{ keys: { sealing: string[] } }>('status')
    expect(keys.sealing[0]).toBe(kid)
    const signing = await json('keys', 'rotate', '--what', 'signing')
    const listed = await json<{ signing_keys: object[] }>('keys', 'list')
    expect(listed).toMatchObject({
      sealing_key: kid,
      signing_keys: [
        { kid: signing['kid'], state: 'signing' },
        { kid: signing['next_kid'], state: 'next' },
        { alg: 'ES256', state: 'retired', since: expect.stringContaining('T') as string },
      ],
      signing_rotation_due: expect.stringContaining('T') as string,
    })
    expect((await stack.cli(['call', handle, 'GET', '/user'])).code).toBe(0)
  })

  test('doctor at a URL presents a code that nobody issued, of which no record is made', async () => {
    const records = async (...args: string[]) =>
      json<{ seq: number; type: string }[]>('audit', 'list', ...args)
    const [newest] = await records('--limit', '1')
    const { checks } = await json<{ checks: { id: string; outcome: string }[] }>(
      'doctor',
      stack.issuer,
    )
    expect(checks.find(({ id }) => id === 'dpop')).toMatchObject({ outcome: 'ok' })
    const since = await records('--after', String(newest?.seq))
    expect(since.filter(({ type }) => type === 'token.refused')).toEqual([])
  })

  test('audit verify passes, online and from an export, and finds a missing record', async () => {
    const verdict = await json('audit', 'verify')
    expect(verdict).toMatchObject({ ok: true })
    const { stdout } = await stack.cli(['audit', 'export'])
    const file = join(stack.dataDir, 'audit.jsonl')
    await writeFile(file, stdout)
    expect(await json('audit', 'verify', '--file', file)).toMatchObject({ ok: true })
    const lines = stdout.trimEnd().split('\n')
    const cut = async (kept: string[]): Promise<unknown> => {
      await writeFile(file, `${kept.join('\n')}\n`)
      const result = await stack.cli(['audit', 'verify', '--file', file, '--json'])
      expect(result.code).toBe(9)
      return JSON.parse(result.stdout)
    }
    expect(await cut(lines.toSpliced(4, 1))).toMatchObject({ problem: 'deleted', seq: 4 })
    expect(await cut(lines.slice(0, -2))).toMatchObject({ problem: 'truncated' })
    const swapped = lines.with(4, lines[5] ?? '').with(5, lines[4] ?? '')
    expect(await cut(swapped)).toMatchObject({ problem: 'reordered', seq: 4 })
    const edited = lines.with(4, (lines[4] ?? '').replace(/"type":"[^"]*"/, '"type":"nothing"'))
    expect(await cut(edited)).toMatchObject({ problem: 'changed', seq: 4 })
  })

  test('revoking a grant ends the sign-in that it came from', async () => {
    const grants = await json<{ id: string; resource: string }[]>('grants', 'list')
    const dispatch = grants.find(({ resource }) => resource.endsWith('/dispatch'))
    const revoked = await stack.cli(['grants', 'revoke', '--json', dispatch?.id ?? ''])
    expect(revoked.code, revoked.stderr).toBe(0)
    expect((await stack.cli(['call', handle, 'GET', '/user'])).code).toBe(3)
  })

  test('revoking a connection is for good', async () => {
    expect(await json('connections', 'revoke', handle)).toMatchObject({ status: 'revoked' })
    expect((await stack.cli(['connections', 'resume', handle])).code).toBe(6)
  })

  test('logout forgets the tokens', async () => {
    expect((await stack.cli(['logout'])).code).toBe(0)
    expect((await stack.cli(['token'])).code).toBe(3)
  })
})

test('no log holds the credential, the password or the set-up link', async () => {
  const { paths } = await stack.report()
  const key = new URL(stack.setupLink).searchParams.get('key') ?? 'missing'
  for (const name of await readdir(paths.logs)) {
    const log = await readFile(join(paths.logs, name), 'utf8')
    for (const secret of [apiKey, password, key]) expect(log.includes(secret), name).toBe(false)
  }
})
