import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { signedIn, signingKeys } from './signed-in.ts'

const asked = (requests: readonly string[]): readonly string[] =>
  requests.filter((line) => line.includes('/v1/'))

it.each([
  [['api-keys', 'create', '--test', '--days', '7', '--connection', 'a=b'], 'POST /v1/api-keys'],
  [['api-keys', 'list'], 'GET /v1/api-keys'],
  [['api-keys', 'revoke', 'ak_1'], 'DELETE /v1/api-keys/ak_1'],
  [['issuers', 'list'], 'GET /v1/issuers'],
  [['issuers', 'remove', 'ti_1'], 'DELETE /v1/issuers/ti_1'],
])('%j asks %s and answers JSON', async (args, request) => {
  const { dir, requests } = await signedIn()
  const { code, stdout, stderr } = await holdfast([...args, '--json'], { dir })
  expect(code, stderr).toBe(exitCodes.ok)
  expect(asked(requests).map((line) => line.replace(/\?.*$/, ''))).toEqual([request])
  expect(() => JSON.parse(stdout) as unknown).not.toThrow()
})

it('adds an issuer from a file, and says what is wrong with one that it cannot read', async () => {
  const { dir, requests } = await signedIn()
  const file = path.join(dir, 'trust.json')
  writeFileSync(file, '{"uses":["workload"]}')
  const args = ['issuers', 'add', 'https://idp.example', '--trust']
  expect((await holdfast([...args, file], { dir })).code).toBe(exitCodes.ok)
  expect(asked(requests)).toEqual(['POST /v1/issuers'])
  writeFileSync(file, 'not json')
  const { code, stderr } = await holdfast([...args, file], { dir })
  expect([code, stderr.includes('cannot be read')]).toEqual([exitCodes.usage, true])
})

it('never sends a key that was given in place of its id, nor repeats it', async () => {
  const { dir, requests } = await signedIn()
  const { code, stdout, stderr } = await holdfast(['api-keys', 'revoke', 'dsk-live-canary'], {
    dir,
  })
  expect(code).toBe(exitCodes.usage)
  expect(asked(requests)).toEqual([])
  expect(stdout + stderr).not.toContain('canary')
})

it.each([['--days=0'], ['--days=x'], ['--connection=ddls:conn:1']])(
  'refuses %s before it asks',
  async (option) => {
    const { dir, requests } = await signedIn()
    expect((await holdfast(['api-keys', 'create', option], { dir })).code).toBe(exitCodes.usage)
    expect(asked(requests)).toEqual([])
  },
)

it('lists the keys that sign tokens beside the sealing key, and when the next one takes over', async () => {
  const { dir } = await signedIn()
  const { code, stdout, stderr } = await holdfast(['keys', 'list', '--json'], { dir })
  expect(code, stderr).toBe(exitCodes.ok)
  expect(JSON.parse(stdout)).toMatchObject({
    sealing_key: 'seal_1',
    signing_keys: [{ ...signingKeys[0], state: 'signing' }, signingKeys[1], signingKeys[2]],
    signing_rotation_due: '2026-12-21T09:00:00.000Z',
  })
  const table = (await holdfast(['keys', 'list'], { dir })).stdout
  expect(table).toMatch(/^sealing key +seal_1$/m)
  expect(table).toMatch(/^signing rotation due +2026-12-21T09:00:00\.000Z$/m)
  expect(table).toMatch(/^sig_2 +ES256 +signing +2026-11-21 09:00:00Z$/m)
  expect(table).toMatch(/^sig_1 +RS256 +retired +2026-11-21 09:00:00Z$/m)
})

it('lists the sealing key to who may not see the others', async () => {
  const { dir } = await signedIn('/v1/status')
  const { code, stdout, stderr } = await holdfast(['keys', 'list'], { dir })
  expect(code, stderr).toBe(exitCodes.ok)
  expect(stdout).toMatch(/^sealing key +seal_1$/m)
  expect(stderr).toContain('to administrators')
  const json = (await holdfast(['keys', 'list', '--json'], { dir })).stdout
  expect(JSON.parse(json)).toMatchObject({ sealing_key: 'seal_1', signing_keys: null })
})
