import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

test('the demo does the main job with real processes, and every attack in it fails', async () => {
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', '--no-warnings', join(import.meta.dirname, 'main.ts')],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, 'exit')) as [number]
  const [stdout, stderr] = await output
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toContain('Every step held')
  expect(stdout).not.toContain('BROKEN')
}, 180_000)
