/** Edits the database as somebody who stole or owns it does. */
import { execFileSync } from 'node:child_process'
import type { VaultApp } from './vault-app.ts'

const editor = `
  const { DatabaseSync } = require('node:sqlite')
  const [file, sql, ...values] = process.argv.slice(1)
  const database = new DatabaseSync(file)
  database.exec('pragma busy_timeout = 5000')
  const { changes } = database.prepare(sql).run(...values)
  if (changes !== 1) throw new Error('changed ' + changes + ' rows')
`

/** From another process, because two SQLite libraries in one process undo each other's locks. */
export function edit(app: Pick<VaultApp, 'database'>, sql: string, ...values: string[]): void {
  execFileSync(process.execPath, ['--no-warnings', '-e', editor, app.database, sql, ...values])
}
