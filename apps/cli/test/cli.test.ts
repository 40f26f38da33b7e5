import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { projectRoot } from '../src/config.ts'
import { exitCodes } from '../src/exit-codes.ts'
import { buildProgram } from '../src/program.ts'
import { version } from '../src/version.ts'
import { holdfast } from './run-cli.ts'
import { tempDir } from './temp-dir.ts'

function* leaves(command: Command): Generator<Command> {
  if (command.commands.length === 0) yield command
  for (const child of command.commands) yield* leaves(child)
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

const handle = `ddls:conn:${'0'.repeat(26)}-github`

describe('usage', () => {
  it('errors exit with 2 and suggest what was meant', async () => {
    const result = await holdfast(['statsu'])
    expect(result.code).toBe(exitCodes.usage)
    expect(result.stderr).toContain('Did you mean status?')
    expect(result.stdout).toBe('')
  })

  it('errors are JSON on stdout with --json', async () => {
    const { code, stdout, stderr } = await holdfast(['statsu', '--json'])
    expect(code).toBe(exitCodes.usage)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } })
    expect(stderr).toBe('')
  })

  it.each([
    [['connections', 'add'], "missing required argument 'provider'", 'connections add --help'],
    [['audit', 'list', '--limit', 'canary'], 'a whole number from 1 to 200', 'audit list --help'],
    [['call', 'canary', 'GET', '/'], 'not a connection handle', 'holdfast connections list'],
    [['connections', 'pause', 'canary'], 'not a connection handle', 'holdfast connections list'],
    [['call', handle, 'FETCH', '/user'], 'unknown method', 'PATCH'],
    [['call', handle, 'GET', 'canary'], 'must start with /', '/user'],
    [['call', handle, 'GET', '//canary/x'], 'empty segments', '/user'],
    [['call', handle, 'GET', '/user/../canary'], '\\.\\. segments', '/user'],
    [['call', handle, 'POST', '/x', '--data', '{canary'], 'begins as JSON and is none', '--text'],
    [['connections', 'test', handle, '--path', 'canary'], 'must start with /', '/user'],
    [['connections', 'test', handle, '--method', 'FOO'], 'one of GET, POST', 'test --help'],
    [['resources', 'add', 'canary'], 'the URL of an MCP server', 'resources add --help'],
    [['audit', 'verify', '--identity', 'canary'], '43 characters', 'audit verify --help'],
  ])('errors of %j say what is wrong and where to look', async (args, message, fix) => {
    const { code, stderr } = await holdfast(args)
    expect(code).toBe(exitCodes.usage)
    expect(stderr).toMatch(new RegExp(message))
    expect(stderr).toMatch(new RegExp(`fix: .*${fix}`))
    expect(stderr).not.toContain('canary')
  })

  it('a command that is missing is answered with the help, and with --json as an error too', async () => {
    const shown = await holdfast(['connections'])
    expect([shown.code, shown.stdout]).toEqual([exitCodes.usage, ''])
    expect(shown.stderr).toContain('Usage: ')
    expect(shown.stderr).not.toContain('error')
    const asJson = await holdfast(['connections', '--json'])
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'USAGE' } })
  })

  it('a wrong setting names the variable', async () => {
    const { code, stderr } = await holdfast(['status'], { env: { HOLDFAST_PROT: '1' } })
    expect(code).toBe(exitCodes.usage)
    expect(stderr).toContain('did you mean HOLDFAST_PORT?')
  })

  it('the version is that of the package', async () => {
    const { version: packaged } = JSON.parse(
      readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8'),
    ) as { version: string }
    expect(version).toBe(packaged)
    expect((await holdfast(['--version'])).stdout).toBe(`${packaged}\n`)
  })

  it('every command has a description, an example and a place in docs/cli.md', async () => {
    vi.stubEnv('npm_lifecycle_event', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const docs = readFileSync(path.join(projectRoot, 'docs', 'cli.md'), 'utf8')
    const names = (await buildProgram([])).commands.map((command) => command.name())
    for (const command of leaves(await buildProgram(names))) {
      const name = pathOf(command)
      let help = ''
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
      expect(command.description(), name).not.toBe('')
      expect(help, name).toMatch(/Examples?:\n {2}\$ /)
      expect(docs, name).toContain(name)
    }
  })

  it('every exit code is documented', () => {
    const docs = readFileSync(path.join(projectRoot, 'docs', 'cli.md'), 'utf8')
    for (const code of Object.values(exitCodes)) expect(docs).toContain(`| ${code} `)
  })
})

describe('secrets in arguments', () => {
  const canary = 'hunter2-canary'

  it.each([
    ['setup', `--password=${canary}`],
    ['setup', '--password', canary],
    ['connections', 'add', 'github', `--secret=${canary}`],
    ['connections', 'add', 'github', `--api-key=${canary}`],
    ['connections', 'add', 'github', `--token=${canary}`],
    ['call', 'ddls:conn:x', 'GET', '/', '--data', 'ghp_hunter2-canary'],
  ])('are refused and not repeated: %s %s', async (...args) => {
    const { code, stdout, stderr } = await holdfast(args)
    expect(code).toBe(exitCodes.usage)
    expect(stderr).toContain('secret')
    expect(stdout + stderr).not.toContain('hunter2')
  })

  it.each([
    ['for an option that does not exist', ['status', `--pasword=${canary}`]],
    ['where there is one argument too many', ['connections', 'add', 'github', canary]],
    ['where it is none of the choices', ['connections', 'add', 'github', '--in', canary]],
    ['as JSON', ['connections', 'add', 'github', `a. ${canary}`, '--json']],
  ])('are not repeated %s either', async (_where, args) => {
    const { code, stdout, stderr } = await holdfast(args)
    expect(code).toBe(exitCodes.usage)
    expect(stdout + stderr).not.toContain('hunter2')
  })
})

describe('output', () => {
  it('has no escape sequences when piped, also when colour is forced on the terminal side', async () => {
    for (const args of [['--help'], ['config', 'explain'], ['doctor'], ['status'], ['nope']]) {
      const { stdout, stderr } = await holdfast(args, { env: { TERM: 'xterm-256color' } })
      expect(stdout + stderr, args.join(' ')).not.toContain('\u001B')
    }
  })

  it('of config explain --json is stable', async () => {
    const { stdout } = await holdfast(['config', 'explain', '--json'], {
      env: { HOLDFAST_PORT: '5000' },
    })
    const settings = JSON.parse(stdout) as { key: string }[]
    expect(settings.find(({ key }) => key === 'port')).toEqual({
      key: 'port',
      variable: 'HOLDFAST_PORT',
      value: 5000,
      source: 'env',
      place: 'HOLDFAST_PORT',
      default: '4444',
      description: 'TCP port of the server.',
    })
  })
})

describe('exit codes without a server', () => {
  it('status says 8', async () => {
    const { code, stdout } = await holdfast(['status', '--json'])
    expect(code).toBe(exitCodes.serverUnreachable)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NOT_RUNNING' } })
  })

  it('doctor says 9, with a fix for everything that failed', async () => {
    const { code, stdout } = await holdfast(['doctor', '--json', '--issuer', 'http://localhost:9'])
    expect(code).toBe(exitCodes.checkFailed)
    const { checks } = JSON.parse(stdout) as { checks: { outcome: string; fix?: string }[] }
    const failures = checks.filter(({ outcome }) => outcome === 'failed')
    expect(failures.length).toBeGreaterThan(0)
    for (const { fix } of failures) expect(fix).toBeTypeOf('string')
  })

  it('a command that needs a sign-in says 3', async () => {
    expect((await holdfast(['token'])).code).toBe(exitCodes.notSignedIn)
  })

  it('a grant id that begins with a hyphen is no option', async () => {
    const grant = await holdfast(['grants', 'revoke', '-TxzY1uN4vVh0mWfZt8mTg'])
    expect(grant.code).toBe(exitCodes.notSignedIn)
    expect((await holdfast(['grants', 'revoke', '--jsonn'])).code).toBe(exitCodes.usage)
  })

  it('login says 8 when nothing answers', async () => {
    const args = ['login', '--no-browser', '--issuer', 'http://localhost:9']
    const { code, stderr } = await holdfast(args)
    expect(code).toBe(exitCodes.serverUnreachable)
    expect(stderr).toContain('fix: ')
  })

  it('setup says 8 where no server runs', async () => {
    const nothing = await holdfast(['setup', '--email', 'a@b.c', '--password-stdin'])
    expect(nothing.code).toBe(exitCodes.serverUnreachable)
    expect(nothing.stderr).toMatch(/does not run on[^]*holdfast up/)
  })

  it('a prompt without a terminal says 2 and names the option', async () => {
    const dir = tempDir()
    const run = path.join(dir, 'data', 'run')
    mkdirSync(run, { recursive: true })
    writeFileSync(path.join(run, 'setup-link'), 'http://localhost:9/setup?key=k')
    const { code, stderr } = await holdfast(['setup', '--email', 'a@b.c'], { dir })
    expect(code).toBe(exitCodes.usage)
    expect(stderr).toContain('--password-stdin')
  })
})

describe('up', () => {
  it('says 6 and suggests another port when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { code, stderr } = await holdfast(['up', '--port', String(port)])
    expect(code).toBe(exitCodes.conflict)
    expect(stderr).toContain(`HOLDFAST_PORT=${port + 1}`)
  })

  it('says 6 and names the pid when another one runs on the data folder', async () => {
    const dir = tempDir()
    const run = path.join(dir, 'data', 'run')
    mkdirSync(run, { recursive: true })
    const lock = { pid: process.pid }
    writeFileSync(path.join(run, 'supervisor-egress-relay.lock'), JSON.stringify(lock))
    const { code, stderr } = await holdfast(['up', '--role', 'egress-relay'], { dir })
    expect(code).toBe(exitCodes.conflict)
    expect(stderr).toContain(`pid ${process.pid}`)
  })
})
