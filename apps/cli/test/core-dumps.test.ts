import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'

const module = new URL('../src/supervisor/core-dumps.ts', import.meta.url).href
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
