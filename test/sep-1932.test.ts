import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

/**
 * The checks of SEP-1932 as the official suite lists them, in `src/seps/sep-1932.yaml` of
 * modelcontextprotocol/conformance at 0b2d21bb0876, by whom they are about. It has no scenario for them yet.
 */
const checks = {
  'packages/client': [
    'sep-1932-client-dpop-auth-scheme',
    'sep-1932-client-fresh-proof',
    'sep-1932-client-token-request-proof',
    'sep-1932-client-as-nonce',
    'sep-1932-client-rs-nonce',
  ],
  'packages/resource-server': [
    'sep-1932-server-validate-proof',
    'sep-1932-server-iat-window',
    'sep-1932-server-reject-401',
    'sep-1932-asymmetric-alg-only',
    'sep-1932-server-nonce',
    'sep-1932-server-audience-validation',
  ],
  'apps/authorization-server': [
    'sep-1932-server-validate-proof',
    'sep-1932-server-iat-window',
    'sep-1932-as-metadata-alg-values',
    'sep-1932-as-no-none-alg',
    'sep-1932-as-dpop-bound-enforcement',
    'sep-1932-as-token-binding',
    'sep-1932-asymmetric-alg-only',
  ],
} as const

const root = new URL('../', import.meta.url)

/** The check ids that begin the names of tests; a name may begin with several. */
async function namedIn(folder: string): Promise<string[]> {
  const ids: string[] = []
  for await (const file of glob(`${folder}/test/**/*.test.ts`, { cwd: root })) {
    const text = await readFile(new URL(file, root), 'utf8')
    const names = text.matchAll(
      /\b(?:test|describe)(?:\.each\([\s\S]{0,4000}?\))?\(\s*['"](sep-1932-[^:'"]+):/g,
    )
    for (const [, name = ''] of names) ids.push(...name.split(', '))
  }
  return [...new Set(ids)]
}

test.for(Object.entries(checks))(
  '%s has a test for each check of SEP-1932',
  async ([folder, ids]) => {
    expect((await namedIn(folder)).toSorted()).toEqual([...ids].toSorted())
  },
)
