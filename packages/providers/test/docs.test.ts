import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { providersTable } from '../scripts/providers-table.ts'
import { lintProvider, parseProvider, type ProviderData } from '../src/index.ts'

const docs = readFileSync(path.join(import.meta.dirname, '../../../docs/providers.md'), 'utf8')

/** The formatter pads the cells. */
const unpadded = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')

describe('docs/providers.md', () => {
  it('lists every provider (else run packages/providers/scripts/write-docs.ts)', () => {
    expect(unpadded(docs)).toContain(unpadded(providersTable()))
  })

  it('shows own providers that are right', () => {
    const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
    expect(examples.length).toBeGreaterThan(0)
    for (const text of examples) {
      const provider = parseProvider(parse(text) as ProviderData)
      expect(lintProvider(provider)).toEqual([])
    }
  })
})
