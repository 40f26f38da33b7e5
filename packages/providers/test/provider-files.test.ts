import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadCatalog } from '../src/index.ts'
import { readProviderFiles } from '../src/node/index.ts'

const acme = `name: acme
title: Acme
category: work
docs: https://acme.example/docs
verified: unverified
checked: 2026-11-23
base_url: https://{tenant}.acme.example/api
variables:
  tenant: { title: Tenant, example: bolt }
kinds:
  - id: token
    title: Token
    credential: { kind: bearer }
    fields:
      token: { title: Token, patterns: ['acme_[a-z]{4}'] }
`

describe('a folder of providers', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'holdfast-providers-'))))
  afterEach(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text)
  const fault = (): { message: string; fix: string; code: string } => {
    try {
      loadCatalog(readProviderFiles(folder))
    } catch (error) {
      return error as { message: string; fix: string; code: string }
    }
    throw new Error('nothing was refused')
  }

  it('adds its YAML files to the catalog, and nothing else', () => {
    write('acme.yaml', acme)
    write('bolt.yml', acme.replace('name: acme', 'name: bolt'))
    write('notes.txt', 'not a provider')
    const names = readProviderFiles(folder).map(({ provider }) => provider.name)
    expect(names).toEqual(['acme', 'bolt'])
  })

  it('replaces a built-in provider when a file says so', () => {
    const github = acme.replace('name: acme', 'name: github')
    write('github.yaml', github)
    expect(fault().fix).toContain('override: true')
    write('github.yaml', `override: true\n${github}`)
    expect(loadCatalog(readProviderFiles(folder)).byName.get('github')?.title).toBe('Acme')
  })

  it.each([
    ['a wrong value', acme.replace('category: work', 'category: fun'), 3, 'category'],
    ['a wrong value deep inside', acme.replace('acme_[a-z]{4}', '(a+)+'), 15, 'patterns'],
    ['an unknown field', acme.replace('    title: Token', '    titel: Token'), 11, 'title'],
    ['an unknown field on top', `${acme}colour: red\n`, 16, 'colour'],
    ['no YAML', 'name: [unclosed', 1, 'not YAML'],
    ['no map', '- just\n- a list\n', 1, 'no provider'],
    ['a tag of a type', acme.replace('title: Acme', 'title: !!js/function x'), undefined, 'title'],
    ['a name twice', `${acme}name: other\n`, 16, 'not YAML'],
  ])('refuses %s and names the line', (_, text, line, word) => {
    write('acme.yaml', text)
    const { message, fix, code } = fault()
    expect(code).toBe('INVALID_PROVIDER_FILE')
    expect(message).toContain(path.join(folder, 'acme.yaml'))
    expect(message).toContain(word)
    if (line !== undefined) expect(message).toContain(`line ${line}:`)
    expect(fix).not.toBe('')
  })

  it('refuses a host that a tenant could choose', () => {
    write('acme.yaml', acme.replace('https://{tenant}.acme.example/api', 'https://{tenant}'))
    expect(fault().message).toContain('chooses the host')
  })

  it('refuses aliases, which could make a small file huge', () => {
    write('acme.yaml', `${acme}x: &a [1, 2]\ny: *a\n`)
    expect(fault().message).toContain('aliases')
  })

  it('refuses two files for one name', () => {
    write('a.yaml', acme)
    write('b.yaml', acme)
    expect(fault().message).toContain('a.yaml')
  })

  it('refuses a folder that is not there', () => {
    rmSync(folder, { recursive: true })
    expect(fault().message).toContain('does not exist')
    writeFileSync(folder, '')
  })

  it('refuses a file that is larger than any provider', () => {
    write('acme.yaml', `${acme}# ${'x'.repeat(300_000)}`)
    expect(fault().message).toContain('larger')
  })
})
