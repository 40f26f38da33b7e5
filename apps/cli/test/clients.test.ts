import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { signedIn } from './signed-in.ts'

const url = 'https://apps.example:8443/agent.json'
const asked = (requests: readonly string[]): readonly string[] =>
  requests.filter((line) => line.includes('/v1/'))

describe('clients', () => {
  it.each([
    [['list'], 'GET /v1/clients'],
    [['list', '--hosts'], 'GET /v1/client-hosts'],
    [['list', '--documents'], 'GET /v1/client-documents'],
    [['list', '--pinned'], 'GET /v1/client-pins'],
    [['show', url], `GET /v1/client?client_id=${encodeURIComponent(url)}`],
    [['pin', url], 'POST /v1/client-pins'],
    [['unpin', url], `DELETE /v1/client-pins?client_id=${encodeURIComponent(url)}`],
    [['bundled'], 'GET /v1/client-pins/bundled'],
    [['approve', 'apps.example'], 'PUT /v1/client-hosts/apps.example'],
    [['approve', url], 'PUT /v1/client-hosts/apps.example%3A8443'],
    [['deny', 'apps.example:8443'], 'PUT /v1/client-hosts/apps.example%3A8443'],
    [['forget', url], 'DELETE /v1/client-hosts/apps.example%3A8443'],
    [['registration-token', 'create', '--uses', '3'], 'POST /v1/registration-tokens'],
    [['registration-token', 'list'], 'GET /v1/registration-tokens'],
    [['registration-token', 'revoke', 'rt_1'], 'DELETE /v1/registration-tokens/rt_1'],
  ])('%j asks %s and answers JSON', async (args, request) => {
    const { dir, requests } = await signedIn()
    const { code, stdout, stderr } = await holdfast(['clients', ...args, '--json'], { dir })
    expect(code, stderr).toBe(exitCodes.ok)
    expect(asked(requests)).toEqual([request])
    expect(() => JSON.parse(stdout) as unknown).not.toThrow()
  })

  it('pins a file, and says what is wrong with one that it cannot use', async () => {
    const { dir, requests } = await signedIn()
    const file = path.join(dir, 'agent.json')
    writeFileSync(file, JSON.stringify({ client_id: url }))
    expect((await holdfast(['clients', 'pin', file], { dir })).code).toBe(exitCodes.ok)
    expect(asked(requests)).toEqual(['POST /v1/client-pins'])
    writeFileSync(file, 'not json')
    for (const [name, text] of [
      [file, 'is not JSON'],
      [path.join(dir, 'none.json'), 'cannot read'],
    ] as const) {
      const { code, stderr } = await holdfast(['clients', 'pin', name], { dir })
      expect([code, stderr.includes(text)]).toEqual([exitCodes.usage, true])
    }
  })

  it('refuses numbers that are none', async () => {
    const { dir, requests } = await signedIn()
    for (const uses of ['0', '-1', 'x', '1.5']) {
      const args = ['clients', 'registration-token', 'create', `--uses=${uses}`]
      expect((await holdfast(args, { dir })).code).toBe(exitCodes.usage)
    }
    expect(asked(requests)).toEqual([])
  })

  it.each(['list', 'pin'])('shows an example with `clients %s --help`', async (name) => {
    const { stdout } = await holdfast(['clients', name, '--help'])
    expect(stdout).toContain('$ holdfast clients')
  })
})

describe('resources update', () => {
  const uri = 'http://localhost:8000/mcp'
  const update = ['resources', 'update', uri]

  it('sends only what was given', async () => {
    const { dir, requests } = await signedIn()
    const options = ['--dpop', 'required', '--no-dpop-nonce', '--scope', 'a=Does a', '--json']
    const { code, stderr } = await holdfast([...update, ...options], { dir })
    expect(code, stderr).toBe(exitCodes.ok)
    expect(requests).toContain(`PATCH /v1/resources/${encodeURIComponent(uri)}`)
  })

  it.each([[[]], [['--scope', 'a']], [['--dpop', 'maybe']]])(
    'refuses %j with 2',
    async (options) => {
      const { dir, requests } = await signedIn()
      const { code } = await holdfast([...update, ...options], { dir })
      expect(code).toBe(exitCodes.usage)
      expect(requests.filter((line) => line.startsWith('PATCH'))).toEqual([])
    },
  )
})
