import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '..', file), 'utf8')

it('the README shows the classic test as it runs', () => {
  expect(read('README.md')).toContain(read('test/delete-file.test.ts'))
})
