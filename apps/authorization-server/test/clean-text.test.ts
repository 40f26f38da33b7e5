import { expect, test } from 'vitest'
import { cleanText, hasMixedScripts } from '../src/registration/clean-text.ts'
import { documentHost } from '../src/registration/documents/document-url.ts'
import { matchesHost } from '../src/registration/documents/trust.ts'

test.each([
  ['Claude Code', 'Claude Code'],
  ['  a \t\n b  ', 'a b'],
  ['\u202eevil\u202c', 'evil'],
  ['zero\u200bwidth\u2060joined', 'zerowidthjoined'],
  ['tag\u{e0041}\u{e0042}', 'tag'],
  ['nul\u0000\u001b[31m', 'nul [31m'],
  ['line\u2028para\u2029end', 'line para end'],
  ['ｆｕｌｌ', 'full'],
  ['z\u0300\u0301\u0302\u0303\u0304\u0305', 'z\u0300\u0301'],
  ['日本語クライアント', '日本語クライアント'],
  ['x'.repeat(500), 'x'.repeat(100)],
  ['\u200b\u202e', undefined],
  ['', undefined],
])('%j is shown as %j', (given, shown) => {
  expect(cleanText(given, 100)).toBe(shown)
})

test('words that mix alphabets are noticed, texts of several languages are not', () => {
  for (const name of ['Clаude', 'Gοοgle', 'pаypal app']) expect(hasMixedScripts(name)).toBe(true)
  for (const name of ['Claude', 'Клод', 'Claude Клод', '日本語 App', 'Ünïcode']) {
    expect(hasMixedScripts(name)).toBe(false)
  }
})

test('only plain https URLs can be client ids, and their host is told in one spelling', () => {
  expect(documentHost('https://Apps.Example/agent.json')).toBe('apps.example')
  expect(documentHost('https://apps.example:443/agent.json')).toBe('apps.example')
  expect(documentHost('https://apps.example:8443/a?b=c')).toBe('apps.example:8443')
  expect(documentHost('https://xn--80ak6aa92e.com/a')).toBe('xn--80ak6aa92e.com')
  for (const id of [
    'http://apps.example/a',
    'https://user@apps.example/a',
    'https://apps.example/a#b',
    'https://apps.example/a/../b',
    'https://apps.example/%2e%2e/b',
    'https://apps.example\\@evil.example/',
    'https://apps.example/a b',
    'https://аpps.example/cyrillic',
    `https://apps.example/${'a'.repeat(1100)}`,
    'dcr_abc',
  ]) {
    expect(documentHost(id), id).toBeUndefined()
  }
})

test('hosts of the setting match themselves, or what lies below them', () => {
  expect(matchesHost('apps.example', 'apps.example')).toBe(true)
  expect(matchesHost('*.example', 'apps.example')).toBe(true)
  expect(matchesHost('*.apps.example', 'apps.example')).toBe(false)
  expect(matchesHost('*.apps.example', 'evilapps.example')).toBe(false)
  expect(matchesHost('apps.example', 'apps.example:8443')).toBe(false)
})
