import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

const page = await read('docs/interop.md')
const rows = page
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number = '', , , tests = '']) => ({
    number,
    files: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
  }))

test('the table of what real clients do has all 25', () => {
  expect(rows.map(({ number }) => Number(number))).toEqual(
    Array.from({ length: 25 }, (_, index) => index + 1),
  )
})

test.for(rows)('gotcha $number has a test in each file that the table names', async (row) => {
  expect(row.files.length).toBeGreaterThan(0)
  for (const file of row.files) {
    expect(await read(file)).toMatch(
      new RegExp(
        `\\b(?:test|describe)(?:\\.for\\([\\s\\S]{0,400}?\\))?\\(\\s*['"]gotcha ${row.number}:`,
      ),
    )
  }
})
