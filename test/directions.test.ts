import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Our own sources, tests apart. */
const sources = (): readonly string[] =>
  ['apps', 'packages', 'enclave', 'migrations'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?:^|\/)src\/.*\.ts$/.test(file) && !file.includes('node_modules'))
      .map((file) => `${top}/${file}`),
  )

describe('dependency directions', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-directions-'))
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const lint = (file: string, source: string): string => {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, source)
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['.'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return stdout + stderr
  }

  it.each([
    ['protocol a Node module', 'packages/protocol/src/x.ts', "import 'node:fs'"],
    [
      'protocol another of our packages',
      'packages/protocol/src/x.ts',
      "import '@holdfast/storage'",
    ],
    ['the enclave storage', 'enclave/src/x.ts', "import '@holdfast/storage'"],
    ['the relay protocol', 'apps/egress-relay/src/x.ts', "import '@holdfast/protocol'"],
    ['the address guard protocol', 'packages/egress-guard/src/x.ts', "import '@holdfast/protocol'"],
    [
      'the control plane the enclave',
      'apps/authorization-server/src/x.ts',
      "import '../../../enclave/src/open.ts'",
    ],
    [
      'the control plane the client',
      'apps/authorization-server/src/x.ts',
      "import '@holdfast/client'",
    ],
    ['storage an app', 'packages/storage/src/x.ts', "import '../../../apps/cli/src/main.ts'"],
    ['a migration storage', 'migrations/src/x.ts', "import '@holdfast/storage'"],
    ['the client storage', 'packages/client/src/x.ts', "import '@holdfast/storage'"],
    ['the root of the client Node', 'packages/client/src/oauth/x.ts', "import 'node:fs'"],
    ['the testing package the enclave', 'packages/testing/src/x.ts', "import '@holdfast/enclave'"],
    [
      'the resource server the client',
      'packages/resource-server/src/x.ts',
      "import '@holdfast/client'",
    ],
    [
      'the resource server libsodium',
      'packages/resource-server/src/x.ts',
      "import { seal } from '@holdfast/protocol'\nexport const s = seal",
    ],
    ['the catalog storage', 'packages/providers/src/x.ts', "import '@holdfast/storage'"],
    ['the CLI the enclave', 'apps/cli/src/x.ts', "import '../../../enclave/src/open.ts'"],
  ])('lint refuses to let %s import it', (_, file, source) => {
    expect(lint(file, `${source}\n`)).toContain('no-restricted-imports')
  })

  it('lint refuses a Node module without its prefix, which the ban of protocol would not see', () => {
    expect(lint('packages/protocol/src/x.ts', "import 'fs'\n")).toContain('prefer-node-protocol')
  })

  it('lint refuses Buffer in protocol', () => {
    expect(lint('packages/protocol/src/x.ts', 'export const b = Buffer.alloc(1)\n')).toContain(
      'no-restricted-globals',
    )
  })

  it.each([
    ['enclave/src/x.ts', "import { seal } from '@holdfast/protocol'\nexport const s = seal\n"],
    ['packages/resource-server/src/x.ts', "export type { Envelope } from '@holdfast/protocol'\n"],
  ])('lets the allowed directions pass: %s', (file, source) => {
    expect(lint(file, source)).not.toContain('no-restricted-imports')
  })
})

describe('relative imports', () => {
  /** Imports of a file that lead out of the workspace which the file belongs to. */
  const leaving = (file: string, source: string): readonly string[] =>
    [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]*)['"]/g)]
      .map(([, target = '']) => target)
      .filter((target) => workspaceOf(join(dirname(file), target)) !== workspaceOf(file))

  const workspaceOf = (file: string): string =>
    file
      .split('/')
      .slice(0, /^(?:apps|packages)\//.test(file) ? 2 : 1)
      .join('/')

  it('stay in the workspace that they stand in', () => {
    const found = sources().flatMap((file) =>
      leaving(file, readFileSync(join(root, file), 'utf8')).map((target) => `${file}: ${target}`),
    )
    expect(found).toEqual([])
  })

  it.each([
    ['packages/protocol/src/x.ts', "import { a } from '../../storage/src/index.ts'"],
    ['enclave/src/x.ts', "import type { A } from '../../packages/storage/src/index.ts'"],
    ['apps/cli/src/x.ts', "export * from '../../authorization-server/src/main.ts'"],
    ['apps/authorization-server/src/a/b.ts', "await import('../../../cli/src/main.ts')"],
    ['apps/egress-relay/src/x.ts', "import '../../cli/src/main.ts'"],
  ])('that leave %s are found', (file, source) => {
    expect(leaving(file, source)).toHaveLength(1)
  })
})

describe('private-key opening', () => {
  it('stands in one file of the enclave and nowhere else', () => {
    const openers = sources().filter((file) =>
      /crypto_box_seal_open|privateDecrypt/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(openers).toEqual(['enclave/src/open.ts'])
  })
})
