import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { holdfast } from './run-cli.ts'
import { type SignedIn, signedIn } from './signed-in.ts'

const irrevocable = [
  ['connections', 'revoke', 'ddls:conn:01KQ0000000000000000000000-github'],
  ['users', 'revoke', 'usr_01J'],
  ['api-keys', 'revoke', 'ak_01J'],
  ['clients', 'revoke', 'cli_01J'],
  ['resources', 'remove', 'http://localhost:8000/mcp'],
  ['issuers', 'remove', 'ti_01J'],
  ['oauth-apps', 'revoke', 'ddls:conn:01KQ0000000000000000000000-github'],
]

const main = path.join(import.meta.dirname, '..', 'src', 'main.ts')
/** `script` of util-linux gives a command a real terminal. */
const hasScript = await promisify(execFile)('script', ['--version']).then(
  ({ stdout }) => stdout.includes('util-linux'),
  () => false,
)

async function atTerminal(
  { dir }: SignedIn,
  args: readonly string[],
  keys: string,
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const line = [process.execPath, '--conditions=@holdfast/source', main, ...args].join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      HOLDFAST_DATA_DIR: path.join(dir, 'data'),
      HOLDFAST_CONFIG_DIR: path.join(dir, 'config'),
    },
  })
  let screen = ''
  let hasAnswered = false
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    // stdin stays open, as a terminal does: the command has to end by itself.
    if (!hasAnswered && screen.includes('[y/N]')) child.stdin.write(keys)
    hasAnswered ||= screen.includes('[y/N]')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, screen }
}

const deletions = ({ requests }: SignedIn): readonly string[] =>
  requests.filter((line) => line.startsWith('DELETE '))

describe('what cannot be undone', () => {
  it.each(irrevocable)(
    'is not asked about on a pipe, with --yes or --json: %s %s',
    async (...args) => {
      for (const extra of [[], ['--yes'], ['--json']]) {
        const signed = await signedIn()
        const { code, stderr } = await holdfast([...args, ...extra], {
          dir: signed.dir,
          input: 'n\n',
        })
        expect(code, stderr).toBe(exitCodes.ok)
        expect(stderr).toBe('')
        expect(deletions(signed)).toHaveLength(1)
      }
    },
  )

  it.runIf(hasScript)('happens at a terminal after a yes, and the command ends', async () => {
    const signed = await signedIn()
    const { code, screen } = await atTerminal(signed, irrevocable[0] ?? [], 'y\r')
    expect(code, screen).toBe(exitCodes.ok)
    expect(screen).toContain('deleted for good. [y/N]')
    expect(deletions(signed)).toHaveLength(1)
  })

  it.runIf(hasScript).each([
    ['a no', 'n\r'],
    ['an empty line', '\r'],
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('does not happen after %s', async (_name, keys) => {
    const signed = await signedIn()
    const { code, screen } = await atTerminal(signed, irrevocable[1] ?? [], keys)
    expect(code, screen).toBe(exitCodes.interrupted)
    expect(screen).toContain('nothing was changed')
    expect(deletions(signed)).toEqual([])
  })

  it.runIf(hasScript)('is not asked about with --yes at a terminal', async () => {
    const signed = await signedIn()
    const { code } = await atTerminal(signed, [...(irrevocable[3] ?? []), '--yes'], '')
    expect(code).toBe(exitCodes.ok)
    expect(deletions(signed)).toHaveLength(1)
  })
})
