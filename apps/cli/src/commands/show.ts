import type { Command } from 'commander'
import { note, printJson, printPairs, printTable, withoutControls } from '../output.ts'
import { wantsJson } from './flags.ts'

type Row = object

/** The name of a field, or a column of its own name that is made of several. */
type Column<R> = string | readonly [name: string, of: (row: R) => string]

/** Shows a list: as JSON with all fields, or as a table of some. */
export async function showList<R extends Row>(
  command: Command,
  rows: readonly R[],
  columns: readonly Column<R>[],
  empty: string,
): Promise<void> {
  if (wantsJson(command)) return printJson(rows)
  if (rows.length === 0) return note(empty)
  const head = columns.map((column) => (typeof column === 'string' ? column : column[0]))
  return printTable(
    head.map((name) => name.replaceAll('_', ' ').toUpperCase()),
    rows.map((row) =>
      columns.map((column) =>
        typeof column === 'string'
          ? cellOf((row as Record<string, unknown>)[column])
          : withoutControls(column[1](row)),
      ),
    ),
  )
}

/** Shows one thing: as JSON, or as a line per field. */
export function showEntry(command: Command, entry: Row | undefined): void {
  if (wantsJson(command)) return printJson(entry ?? {})
  const pairs = Object.entries(entry ?? {})
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => [key.replaceAll('_', ' '), textOf(value)] as const)
  return pairs.length === 0 ? undefined : printPairs(pairs)
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.map((entry) => textOf(entry)).join(' ') || '-'
  if (typeof value === 'object') return 'name' in value ? textOf(value.name) : textOfObject(value)
  return withoutControls(`${value as string | number | boolean}`)
}

/** Lists by name, such as those of a policy; anything deeper as JSON. */
const textOfObject = (value: object): string =>
  Object.values(value).every((part) => Array.isArray(part))
    ? Object.entries(value)
        .map(([name, list]) => `${name}: ${textOf(list)}`)
        .join('; ') || '-'
    : JSON.stringify(value)

/** Times without their milliseconds: a table is for reading. */
const cellOf = (value: unknown): string =>
  textOf(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+Z$/, '$1 $2Z')
