import type { Command } from 'commander'
import { note, printJson, printPairs, printTable } from '../output.ts'
import { wantsJson } from './flags.ts'

type Row = object

/** Shows a list: as JSON, or as a table of some of its fields. */
export async function showList(
  command: Command,
  rows: readonly Row[],
  columns: readonly string[],
  empty: string,
): Promise<void> {
  if (wantsJson(command)) return printJson(rows)
  if (rows.length === 0) return note(empty)
  const head = columns.map((column) => column.replaceAll('_', ' ').toUpperCase())
  return printTable(
    head,
    rows.map((row) => columns.map((column) => textOf((row as Record<string, unknown>)[column]))),
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
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.map((entry) => textOf(entry)).join(' ') || '-'
  if (typeof value === 'object') return 'name' in value ? textOf(value.name) : JSON.stringify(value)
  return withoutControls(`${value as string | number | boolean}`)
}

/** Names come from other people: escape sequences in them must not reach the terminal. */
export const withoutControls = (text: string): string =>
  text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\uFFFD')
