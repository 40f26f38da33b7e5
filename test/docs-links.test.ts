/** Documents: what they link to exists, and nothing in the repository speaks of where it was made. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const hasGit = existsSync(join(root, '.git'))
const tracked = hasGit
  ? execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
      .split('\0')
      .filter((file) => file !== '' && existsSync(join(root, file)))
  : []
const documents = tracked.filter((file) => file.endsWith('.md'))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Targets of inline links, images and reference definitions, without what stands in code. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm)]
  return [...inline, ...references].map(([, target = '']) => target)
}

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const anchorsOf = (markdown: string): string[] =>
  [...markdown.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#+\s+(.+)$/gm)].map(
    ([, heading = '']) => anchorOf(heading),
  )

/** Links of a document that lead nowhere. */
function brokenLinks(document: string): string[] {
  return linksOf(read(document)).filter((link) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? document : join(dirname(document), decodeURIComponent(path))
    if (!existsSync(join(root, file))) return true
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(read(file)).includes(anchor)
  })
}

describe.skipIf(!hasGit)('documents', () => {
  test('every relative link of every document leads to something', () => {
    expect(documents.length).toBeGreaterThan(10)
    const broken = documents.flatMap((document) =>
      brokenLinks(document).map((link) => `${document}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  test('every row of the threat model names tests, and they are there', () => {
    const rows = read('SECURITY.md')
      .split('## Threat model')[1]!
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
    expect(rows.length).toBeGreaterThan(10)
    for (const row of rows) {
      const targets = linksOf(row.split('|').at(-2) ?? '')
      expect(targets.length, row).toBeGreaterThan(0)
      for (const target of targets) {
        expect(target, row).toMatch(/\.test\.ts$|^examples\/demo$/)
        expect(existsSync(join(root, target)), target).toBe(true)
      }
    }
  })

  test('the search for broken links finds one', () => {
    expect(linksOf('See [a](b.md), ![c](<d e>) `[no](no)`\n[r]: f.md\n')).toEqual(
      expect.arrayContaining(['b.md', 'f.md']),
    )
    expect(linksOf('```\n[no](no.md)\n```\n')).toEqual([])
  })
})

describe.skipIf(!hasGit)('the repository', () => {
  const texts = tracked.filter((file) => /\.(md|ts|mjs|js|json|ya?ml|html|css|sh)$/.test(file))
  // Put together here, so that this file does not contain what it looks for.
  const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['a folder of the machine that it was made on', new RegExp(['/wo', 'rk/'].join(''))],
    [
      'a package registry by its address',
      new RegExp(['regis', 'try\\.npmjs|"resolved": "https?:'].join('')),
    ],
  ]

  test.each(forbidden)('names nowhere %s', (_what, pattern) => {
    expect(texts.filter((file) => pattern.test(read(file)))).toEqual([])
  })
})
