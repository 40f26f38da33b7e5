import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colour on a terminal; plain text when piped or with NO_COLOR. */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout })

/** A line of data on stdout. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`)

/** A line about what happens, on stderr, so that stdout stays data. */
export const note = (line: string): void => void process.stderr.write(`${asCalledHere(line)}\n`)

/** Names and messages come from others: escape sequences in them must not reach the terminal. */
export const withoutControls = (text: string): string =>
  text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\uFFFD')

/** The stable form for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2))

/** Rows under headings, aligned also for wide characters. */
export async function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const { default: Table } = await import('cli-table3')
  const none = ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, ''] as const),
  )
  const table = new Table({
    head: head.map((text) => paint('bold', text)),
    chars: { ...Object.fromEntries(none), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => [...row]))
  print(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  )
}

/** `key  value` lines. */
export function printPairs(pairs: readonly (readonly [string, string])[]): void {
  const width = Math.max(...pairs.map(([key]) => key.length))
  for (const [key, value] of pairs) print(`${paint('bold', key.padEnd(width))}  ${value}`)
}

/** npm scripts of a clone, where `holdfast` itself is not on the PATH. */
const cloneScripts: readonly (string | undefined)[] = ['start', 'holdfast', 'demo']

/** How this command is called in the place where it was started. */
export function commandName(): string {
  const script = process.env['npm_lifecycle_event']
  if (script === 'npx') return 'npx holdfast'
  return cloneScripts.includes(script) ? 'npm run -s holdfast --' : 'holdfast'
}

/** Text whose `holdfast …` commands can be copied as they stand. */
export const asCalledHere = (text: string): string =>
  text.replaceAll(/(?<![\w./@-])(?<!npx )holdfast (?=[a-z…])/g, `${commandName()} `)
