import { describe, expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { auditRecords, signedIn, signedInAtGithub } from './signed-in.ts'

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

describe('connections rotate', () => {
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
