import { describe, expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { auditRecords, signedIn, signedInAtGithub } from './signed-in.ts'

const ofAcme = 'ddls:conn:01J0000000000000000000000A-acme'

describe('connections add', () => {
  const add = ['connections', 'add', 'github', '--secret-stdin', '--base-url']

  it.each([
    ['a line break', ['https://api.example.com'], 'ghp_\ncanary\n', 'holds a line break or NUL'],
    ['NUL', ['https://api.example.com'], 'ghp_\0canary\n', 'holds a line break or NUL'],
    ['an empty secret', ['https://api.example.com', '--kind', 'basic'], ':', 'at least one'],
    [
      'a template without the key',
      ['https://api.example.com', '--template', 'Bearer'],
      'canary',
      'the template must contain {api_key}',
    ],
    [
      'a wrong header name',
      ['https://api.example.com', '--header', 'X Key'],
      'canary',
      'not a header name',
    ],
    [
      'a path that is no whole segment',
      ['https://api.example.com', '--in', 'path', '--template', 'bot{api_key}'],
      'canary',
      'whole segments',
    ],
    [
      'a query parameter with brackets',
      ['https://api.example.com', '--in', 'query', '--field', 'key[]'],
      'canary',
      'a parameter name holds',
    ],
    [
      'a file for a field that is not there',
      ['https://api.example.com', '--kind', 'mtls', '--secret-file', 'canary=/nowhere'],
      'x',
      'give one of certificate, private_key',
    ],
    [
      'a file that is not there',
      ['https://api.example.com', '--kind', 'mtls', '--secret-file', 'certificate=/canary'],
      'x',
      'the file for certificate cannot be read',
    ],
    ['a base URL without https', ['http://api.example.com'], 'canary', 'must be https'],
  ])('refuses %s with 2 and reserves nothing', async (_name, options, input, message) => {
    const { dir, requests } = await signedIn()
    const { code, stdout, stderr } = await holdfast([...add, ...options], { dir, input })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(message)
    expect(stdout + stderr).not.toContain('canary')
    expect(requests.filter((line) => line.includes('/v1/connections'))).toEqual([])
  })
})

describe('options that a connection cannot use', () => {
  const [url, git] = ['https://api.example.com', 'https://git.example.com']
  const acme = ['add', 'acme', '--base-url', url]
  const belongs = 'belongs to --kind api_key'

  it.each<[readonly string[], string, string]>([
    [[...acme, '--kind', 'bearer', '--header', 'X-Api-Key'], `--header ${belongs}`, 'leave it out'],
    [[...acme, '--kind', 'basic', '--template', '{api_key}'], `--template ${belongs}`, 'leave'],
    [[...acme, '--kind', 'bearer', '--in', 'query'], `--in ${belongs}`, 'leave it out'],
    [[...acme, '--kind', 'mtls', '--field', 'key'], `--field ${belongs}`, 'leave it out'],
    [[...acme, '--in', 'query', '--header', 'X-Key'], '--header belongs to --in header', '--field'],
    [
      [...acme, '--field', 'key'],
      '--field belongs to --in query, cookie, json or form',
      '--header',
    ],
    [[...acme, '--in', 'path', '--field', 'key'], '--field belongs to --in query', '--template'],
    [[...acme, '--injection', '{}', '--kind', 'bearer'], '--injection says all', 'without --kind'],
    [[...acme, '--injection', '{}', '--in', 'query'], '--injection says all', 'without --in'],
    [[...acme, '--allow', 'read'], '--allow needs a provider', '--methods --paths --resources'],
    [[...acme, '--operations', 'a.b'], '--operations needs a provider', '--methods --paths'],
    [[...acme, '--set', 'tenant=x'], '--set needs a provider', 'leave out --set'],
    [[...acme, '--scopes', 'read'], '--scopes needs a provider', '--injection'],
    [['add', 'stripe', '--base-url', url, '--allow', 'read'], '--allow', 'leave out --base-url'],
    [['add', 'gitlab', '--base-url', git, '--allow', 'read'], '--allow', '--kind token'],
    [['add', 'github', '--header', 'X-Key'], '--header is for a connection by hand', '--base-url'],
    [['add', 'github', '--injection', '{}'], '--injection is for a connection by', '--base-url'],
    [['add', 'github', '--secret-file', 'token=/x'], '--secret-file is for', '--secret-stdin'],
    [
      ['add', 'gitlab', '--kind', 'token', '--base-url', git, '--in', 'query'],
      '--in is for a connection by hand',
      'leave it out',
    ],
    [['add', 'stripe', '--kind', 'secret', '--scopes', 'x'], '--scopes', 'leave it out'],
    [['add', 'github', '--ticket', 'x', '--field', 'key'], '--field is for', 'leave it out'],
    [['rotate', ofAcme, '--base-url', url, '--kind', 'bearer', '--in', 'query'], belongs, 'leave'],
    [['rotate', ofAcme, '--base-url', url, '--set', 'a=b'], '--set needs a provider', 'leave'],
  ])('are refused before anything is read or sent: %j', async (args, message, fix) => {
    const { dir, requests } = await signedIn()
    const options = ['connections', ...args, '--secret-stdin']
    const { code, stderr } = await holdfast(options, { dir, input: 'canary' })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(new RegExp(`fix: .*${fix}`))
    expect(requests).toEqual([])
  })
})

describe('a policy that is not whole', () => {
  const acme = ['add', 'acme', '--secret-stdin', '--base-url', 'https://api.example.com']
  const get = ['--methods', 'GET']

  it.each<[readonly string[], string, string]>([
    [[...acme, ...get, '--paths', '/user'], '--resources is missing', '--resources direct for'],
    [[...acme, ...get, '--resources', 'direct'], '--paths is missing', "--paths '/"],
    [[...acme, '--resources', 'direct'], '--methods and --paths are missing', '--methods GET'],
    [[...acme, ...get, '--paths', '/', '--resources', ''], '--resources is missing', 'direct'],
    [['add', 'github', ...get], '--paths and --resources are missing', '--resources direct'],
    [['add', 'github', '--ticket', 'x', ...get], '--paths is missing', '--paths'],
    [['link', 'github', '--paths', '/user'], '--methods and --resources are missing', 'GET'],
    [['add-oauth', signedInAtGithub, ...get], '--paths and --resources are missing', 'direct'],
  ])('is refused before anything is read or sent: %j', async (args, message, fix) => {
    const { dir, requests } = await signedIn()
    const { code, stderr } = await holdfast(['connections', ...args], { dir, input: 'canary' })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(new RegExp(`fix: .*${fix}`))
    expect(requests).toEqual([])
  })
})

describe('a link of the connect page', () => {
  const read = ['--allow', 'read']

  it.each<[string, readonly string[], string, string]>([
    ['used', read, 'used already', 'Start again'],
    ['late', read, 'has expired', 'Start again'],
    ['other', read, 'for an account at notion', 'connections add notion --ticket other'],
    ['open', [], 'https://mcp.example/mcp could do nothing', '--allow read'],
    ['open', ['--allow', 'none'], 'https://mcp.example/mcp could do nothing', '--allow read'],
  ])(
    'that is %s is not answered with %j, nor is a secret read',
    async (id, allow, message, fix) => {
      const { dir, requests } = await signedIn()
      const args = ['connections', 'add', 'github', '--ticket', id, ...allow, '--secret-stdin']
      const { code, stderr } = await holdfast(args, { dir, input: 'canary' })
      expect(code, stderr).toBe(exitCodes.usage)
      expect(stderr).toContain(message)
      expect(stderr).toMatch(new RegExp(`fix: .*${fix}`))
      expect(requests).toEqual([`GET /v1/connect-tickets/${id}`])
    },
  )
})

describe('connections rotate', () => {
  it('of a provider that the catalog does not know asks what the new value is for', async () => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'rotate', ofAcme, '--secret-stdin']
    const { code, stderr } = await holdfast(args, { dir, input: 'canary' })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toMatch(/the catalog does not know acme[^]*fix: .*--base-url and --kind/)
    expect(requests).toEqual([`GET /v1/connections/${encodeURIComponent(ofAcme)}`])
  })

  it('of an account that was signed in for names the command that helps, before a secret is read', async () => {
    const { dir, requests } = await signedIn()
    const args = ['connections', 'rotate', signedInAtGithub, '--secret-stdin', '--any-key']
    const { code, stderr } = await holdfast(args, { dir, input: 'canary' })
    expect(code, stderr).toBe(exitCodes.usage)
    expect(stderr).toContain(`holdfast connections reconnect ${signedInAtGithub}`)
    expect(requests.filter((line) => line.includes('.well-known'))).toEqual([])
    expect(requests.filter((line) => !line.startsWith('GET'))).toEqual([])
  })
})

describe('audit list', () => {
  it.each([
    ['the newest records', [], auditRecords - 4, auditRecords],
    ['the oldest ones with --from-start', ['--from-start'], 1, 5],
    ['those behind a record with --after', ['--after', '50'], 51, 55],
  ])('shows %s', async (_name, options, first, last) => {
    const { dir } = await signedIn()
    const args = ['audit', 'list', '--limit', '5', '--json', ...options]
    const { code, stdout, stderr } = await holdfast(args, { dir })
    expect(code, stderr).toBe(exitCodes.ok)
    const records = JSON.parse(stdout) as { seq: number }[]
    expect([records.at(0)?.seq, records.at(-1)?.seq]).toEqual([first, last])
  })

  it('says what was done, and why it was refused', async () => {
    const { dir } = await signedIn()
    const { stdout } = await holdfast(['audit', 'list', '--limit', '5'], { dir })
    expect(stdout).toMatch(/^SEQ .* DETAIL$/m)
    expect(stdout).toContain(' BAD_REQUEST POST /user\n')
  })

  it('shows all records when there are fewer than asked for', async () => {
    const { dir } = await signedIn()
    const { stdout } = await holdfast(['audit', 'list', '--limit', '200', '--json'], { dir })
    expect(JSON.parse(stdout)).toHaveLength(auditRecords)
  })
})
