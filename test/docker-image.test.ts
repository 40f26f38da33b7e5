/** No daemon builds the image here, so at least what it copies and starts is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const dockerfile = read('Dockerfile')
const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gmu)].flatMap(([, files = '']) =>
  files.split(' '),
)

test('the image installs with every workspace of the lock file', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: object }
  const workspaces = Object.keys(packages).filter(
    (folder) => folder !== '' && !folder.includes('node_modules'),
  )
  expect(workspaces.length).toBeGreaterThan(10)
  expect(workspaces.filter((folder) => !copied.includes(`${folder}/package.json`))).toEqual([])
})

test('everything that the image copies and starts exists', () => {
  expect(copied.length).toBeGreaterThan(15)
  const entry = /^ENTRYPOINT .*"\/app\/(apps[^"]+)"/mu.exec(dockerfile)?.[1] ?? 'no entry point'
  expect([...copied, entry].filter((file) => !existsSync(join(root, file)))).toEqual([])
})

test('no container runs as root, and none keeps a capability', () => {
  expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/mu)
  const compose = read('docker-compose.yml')
  const users = [...compose.matchAll(/^ {4}user: '(\d+):(\d+)'$/gmu)].map(([, uid]) => uid)
  expect(users).toHaveLength(3)
  expect(new Set(users).size).toBe(3)
  expect(users).not.toContain('0')
  expect(compose).toContain('cap_drop: [ALL]')
})
