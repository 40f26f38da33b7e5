import type { DispatchFailure } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { readBody } from '../src/commands/call-body.ts'
import { policyOf } from '../src/commands/policy-options.ts'
import { dispatchError } from '../src/dispatch-failure.ts'
import { exitCodes } from '../src/exit-codes.ts'
import { forSameTarget } from '../src/same-target.ts'
import { holdfast } from './run-cli.ts'

const failure = (code: DispatchFailure['code'], retryable = false): DispatchFailure => ({
  code,
  message: 'it failed',
  retryable,
})

describe('a failed call', () => {
  it('is forbidden by a policy, and wrong usage when malformed', () => {
    expect(dispatchError(failure('BAD_REQUEST')).exitCode).toBe(exitCodes.forbidden)
    expect(dispatchError(failure('INVALID_REQUEST')).exitCode).toBe(exitCodes.usage)
  })

  it('names the setting of the operator where that is what refused', () => {
    const message = 'must be allowed by name; see HOLDFAST_EGRESS_ALLOW_PRIVATE'
    const { fix } = dispatchError({ ...failure('BAD_REQUEST'), message })
    expect(fix).toContain('in HOLDFAST_EGRESS_ALLOW_PRIVATE and restarts it')
    expect(dispatchError(failure('BAD_REQUEST')).fix).toContain('holdfast connections allow')
  })

  it('is to be looked after, not repeated, where it may have been carried out', () => {
    for (const code of ['ENCLAVE_UNAVAILABLE', 'DOWNSTREAM_TIMEOUT'] as const) {
      expect(dispatchError(failure(code, false)).fix).toContain('whether it happened')
      expect(dispatchError(failure(code, true)).fix).toContain('try again')
    }
  })

  it('names the command that helps', () => {
    expect(dispatchError(failure('CONNECTION_SUSPENDED')).fix).toContain('connections resume')
    expect(dispatchError(failure('ENCLAVE_UNAVAILABLE', true)).fix).toContain('holdfast status')
  })
})

describe('a fix', () => {
  it.each([
    ['holdfast', '`npm run -s holdfast -- login`'],
    ['npx', '`npx holdfast login`'],
    ['test', '`holdfast login`'],
  ])('names the command as npm script %s can run it', async (script, command) => {
    const { stderr } = await holdfast(['connections', 'list'], {
      env: { npm_lifecycle_event: script },
    })
    expect(stderr).toContain(command)
    const { stdout } = await holdfast(['connections', 'list', '--json'], {
      env: { npm_lifecycle_event: script },
    })
    const { error } = JSON.parse(stdout) as { error: { fix: string } }
    expect(error.fix).toContain(command)
  })
})

describe('an error', () => {
  it('names the command that lists what the handle should have been', async () => {
    const { code, stderr } = await holdfast(['connections', 'rotate', 'github'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('holdfast connections list')])
  })
})

describe('the body of a call', () => {
  it.each([
    [' {"a":[1]}', false, { a: [1] }],
    ['[]', false, []],
    ['plain words', false, 'plain words'],
    ['42', false, '42'],
    ['{"a":1}', true, '{"a":1}'],
    ['{a', true, '{a'],
  ])('%j, with --text: %j', async (data, asText, body) => {
    expect(await readBody(data, asText)).toEqual(body)
  })

  it.each(['{"a": canary}', '{"canary": 1', '[canary'])(
    '%s is refused unrepeated',
    async (data) => {
      const error = await readBody(data, false).catch((fault: Error) => fault)
      expect(error).toMatchObject({ exitCode: exitCodes.usage })
      expect(String(error)).toMatch(/begins as JSON and is none( \(.*\))?$/)
      expect(String(error)).not.toContain('canary')
    },
  )
})

describe('help', () => {
  it.each([
    ['holdfast', 'npm run -s holdfast --'],
    ['npx', 'npx holdfast'],
    ['', 'holdfast'],
  ])('has examples that npm script "%s" can run', async (script, name) => {
    const env = { npm_lifecycle_event: script }
    const { stdout: top } = await holdfast(['--help'], { env })
    expect(top).toContain(`Usage: ${name} [options]`)
    expect(top).toContain(`\n  $ ${name} connections add github`)
    const { stderr: unasked } = await holdfast([], { env })
    expect(unasked).toContain(`\n  $ ${name} connections add github`)
    const { stdout: setup } = await holdfast(['setup', '--help'], { env })
    expect(setup).toContain(`Usage: ${name} setup`)
    // `pass show holdfast` names an entry, not this program.
    expect(setup).toContain(`$ pass show holdfast | ${name} setup`)
  })
})

describe('a hint to sign in', () => {
  it('names the server and the profile that the command was for', () => {
    const hint = 'run `holdfast login --dispatch` and choose it'
    expect(forSameTarget(hint, ['call', '--profile', 'work', '--issuer=https://a.example'])).toBe(
      'run `holdfast login --dispatch --issuer https://a.example --profile work` and choose it',
    )
    expect(forSameTarget(hint, ['call', '--issuer', 'https://ada:canary@a.example'])).toBe(hint)
    expect(forSameTarget('see `holdfast login --help`', ['--profile', 'work'])).not.toContain(
      'work',
    )
  })
})

describe('--resources', () => {
  const issuer = 'http://localhost:4444'

  it('knows `direct` as the own calls, * and URIs', () => {
    const resources = ['direct', '*', 'http://localhost:8000/mcp']
    expect(policyOf({ resources }, issuer)?.resources).toEqual([
      `${issuer}/dispatch`,
      '*',
      'http://localhost:8000/mcp',
    ])
  })

  it('refuses a misspelt `direct`, which would allow nothing', () => {
    expect(() => policyOf({ resources: ['direkt'] }, issuer)).toThrow('neither a URI')
  })
})
