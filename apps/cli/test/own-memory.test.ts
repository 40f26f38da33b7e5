import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'

const module = new URL('../src/supervisor/own-memory.ts', import.meta.url).href
const hasPrlimit =
  existsSync('/proc/self/limits') && spawnSync('prlimit', ['--version']).status === 0

test.runIf(hasPrlimit)('the supervisor leaves no core dump, and what it starts leaves none', () => {
  const script = `
    const { forbidCoreDumps } = await import(${JSON.stringify(module)})
    const { execFileSync } = await import('node:child_process')
    const { readFileSync } = await import('node:fs')
    const done = forbidCoreDumps()
    const own = readFileSync('/proc/self/limits', 'utf8')
    const child = execFileSync('cat', ['/proc/self/limits'], { encoding: 'utf8' })
    console.log(JSON.stringify({ done, limits: [own, child].map((text) => /core file size +(\\S+) +(\\S+)/.exec(text)?.slice(1)) }))`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(JSON.parse(output)).toEqual({
    done: true,
    limits: [
      ['1', '1'],
      ['1', '1'],
    ],
  })
})

// A parent may look into its child under every setting of Yama, so that only the defence can stop it.
const thief = `
  const { spawn } = require('node:child_process')
  const { closeSync, openSync } = require('node:fs')
  const [closes] = process.argv.slice(1)
  const victim = spawn(process.execPath, ['--input-type=module', '-e',
    "const { closeOwnMemory } = await import('${module}');" +
    "console.log(" + (closes === 'yes' ? 'closeOwnMemory()' : 'false') + "); setInterval(() => {}, 1000)"],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  victim.stdout.once('data', (said) => {
    let got = 'opened'
    try { closeSync(openSync('/proc/' + victim.pid + '/mem', 'r')) } catch (error) { got = error.code }
    victim.kill('SIGKILL')
    console.log(said.toString().trim(), got)
  })`

// Root may read everything, so as root both become an ordinary user.
const ordinaryUser = process.geteuid?.() === 0 ? { uid: 1500, gid: 1500 } : {}
const canSteal =
  process.platform === 'linux' &&
  spawnSync(
    process.execPath,
    ['-e', `require('node:fs').readFileSync('${new URL(module).pathname}')`],
    {
      ...ordinaryUser,
    },
  ).status === 0

test.runIf(canSteal)(
  'another process of the same user cannot read the memory of the supervisor',
  () => {
    const steal = (closes: 'yes' | 'no') =>
      spawnSync(process.execPath, ['-e', thief, closes], { ...ordinaryUser, encoding: 'utf8' })
    expect(steal('no')).toMatchObject({ stdout: 'false opened\n', stderr: '' })
    expect(steal('yes')).toMatchObject({ stdout: 'true EACCES\n', stderr: '' })
  },
)
