import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { problemCodes } from '../apps/authorization-server/src/api/problem.ts'

const root = new URL('../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

const page = await read('docs/api.md')

test('the page of the management API has every code with its status', () => {
  const list = page.slice(page.indexOf('Codes and statuses:'), page.indexOf('## Lists'))
  const told = list.split('·').flatMap((group) => {
    const status = Number(/` (\d{3})/.exec(group.replaceAll('\n', ' '))?.[1])
    return [...group.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code, status])
  })
  expect(Object.fromEntries(told)).toEqual(
    Object.fromEntries(Object.entries(problemCodes).map(([code, [status]]) => [code, status])),
  )
})

test('it names the methods of every collection', async () => {
  const sources: string[] = []
  for await (const file of glob('apps/authorization-server/src/api/*-routes.ts', { cwd: root })) {
    sources.push(await read(file))
  }
  const routes = [...sources.join('').matchAll(/method: '(\w+)',\s+path: '(\/v1\/[\w-]+)/g)]
  expect(routes.length).toBeGreaterThan(30)
  const lines = page.split('\n')
  const missing = routes
    .map(([, method = '', path = '']) => ({ method: method.toUpperCase(), path }))
    .filter(({ method, path }) => {
      const about = lines.filter((line) => new RegExp(`${path}(?![\\w-])`).test(line)).join('\n')
      return !new RegExp(`\\b${method}\\b`).test(about)
    })
  expect(missing).toEqual([])
})
