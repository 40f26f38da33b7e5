import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { enclaveDependencies } from '../src/dependencies.ts'

const enclave = join(import.meta.dirname, '..')
const protocol = join(enclave, '../packages/protocol')
const importPattern =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gmu

interface Manifest {
  readonly exports?: Record<string, { readonly '@holdfast/source'?: string }>
  readonly dependencies?: Record<string, string>
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** Packages that the sources import, following our own files and protocol's entry points. */
function importedPackages(): Set<string> {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const open = globSync('src/**/*.ts', { cwd: enclave }).map((file) => join(enclave, file))
  while (open.length > 0) {
    const file = open.pop() ?? ''
    if (seen.has(file)) continue
    seen.add(file)
    for (const [, from, dynamic] of readFileSync(file, 'utf8').matchAll(importPattern)) {
      const specifier = from ?? dynamic ?? ''
      if (specifier.startsWith('node:')) continue
      if (specifier.startsWith('.')) {
        open.push(join(dirname(file), specifier))
        continue
      }
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      packages.add(name)
      if (name === '@holdfast/protocol') {
        const entry = manifest(protocol).exports?.[`.${specifier.slice(name.length)}`]
        open.push(join(protocol, entry?.['@holdfast/source'] ?? ''))
      }
    }
  }
  return packages
}

/** Adds what those packages depend on themselves. */
function withTransitive(names: Iterable<string>): Set<string> {
  const all = new Set<string>()
  const open = [...names]
  while (open.length > 0) {
    const name = open.pop() ?? ''
    if (all.has(name)) continue
    all.add(name)
    if (name === '@holdfast/protocol') continue
    const paths = createRequire(join(enclave, 'package.json')).resolve.paths(name) ?? []
    const folder = paths
      .map((path) => join(path, name))
      .find((path) => {
        try {
          return manifest(path) !== undefined
        } catch {
          return false
        }
      })
    if (folder !== undefined) open.push(...Object.keys(manifest(folder).dependencies ?? {}))
  }
  return all
}

describe('the dependencies of the enclave', () => {
  it('are exactly the packages on the written list', () => {
    expect(withTransitive(importedPackages())).toEqual(new Set(enclaveDependencies))
  })
})
