import { afterEach, expect, test, vi } from 'vitest'
import { announce, type Announcement } from '../src/supervisor/announce.ts'

const running: Announcement = {
  url: 'http://localhost:4444',
  setupLink: 'http://localhost:4444/setup?key=k',
  setupLinkMinutes: 30,
  isolation: undefined,
  dataDir: '/data',
  role: 'all',
  hints: { local: '', remote: '' },
  notReady: [],
}

afterEach(() => vi.restoreAllMocks())

function commandsOf(what: Announcement): string[] {
  const written: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  announce(what, false)
  return [...written.join('').matchAll(/holdfast (?:-- )?([a-z]+)/g)].map(([, name = '']) => name)
}

test('a first start names what its administrator does, in that order', () => {
  expect(commandsOf(running)).toEqual(['setup', 'login', 'connections'])
})

test('a later start says nothing of setting up', () => {
  const commands = commandsOf({ ...running, setupLink: undefined })
  expect(commands).toEqual(['login', 'connections', 'doctor'])
})
