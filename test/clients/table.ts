import { styleText } from 'node:util'
import { type Cell, type Column, columns } from './columns.ts'

/** A client's cells. */
export type Row = Readonly<Record<Column, Cell>>

const colors = { pass: 'green', fail: 'red', 'n.a.': 'gray' } as const

/** The table, then the reasons of all that did not pass. */
export function describeTable(rows: ReadonlyMap<string, Row>): string {
  const width = Math.max(...[...rows.keys()].map((name) => name.length)) + 2
  const head = ['client'.padEnd(width), ...columns.map((column) => column.padEnd(13))].join('')
  const lines = [styleText('bold', head)]
  const reasons: string[] = []
  for (const [name, row] of rows) {
    const cells = columns.map((column) => {
      const { outcome, reason } = row[column]
      if (reason !== undefined) reasons.push(`${name}, ${column}: ${outcome}, ${reason}`)
      return styleText(colors[outcome], outcome.padEnd(13))
    })
    lines.push(`${name.padEnd(width)}${cells.join('')}`)
  }
  return [...lines, '', ...reasons].join('\n')
}
