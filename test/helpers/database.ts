/** The database in the hands of somebody who may write to it behind the server's back. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

export type Row = Record<string, SQLInputValue>

/** A second connection to a running server's database. */
export interface Intruder extends Disposable {
  all(sql: string, ...values: SQLInputValue[]): readonly Row[]
  run(sql: string, ...values: SQLInputValue[]): void
  /** Takes the triggers off a table that is append-only, and puts them back when disposed. */
  withoutTriggers(table: string): Disposable
  /** Writes columns of one connection; undone when disposed. */
  editConnection(handle: string, change: Readonly<Row>): Disposable
}

/** Opens the database; the server goes on using it. */
export function intrude(file: string): Intruder {
  const database = new DatabaseSync(file)
  database.exec('pragma busy_timeout = 5000')
  const all = (sql: string, ...values: SQLInputValue[]): Row[] =>
    database.prepare(sql).all(...values)
  const run = (sql: string, ...values: SQLInputValue[]): void => {
    database.prepare(sql).run(...values)
  }
  const undo = (work: () => void): Disposable => ({ [Symbol.dispose]: work })
  return {
    all,
    run,
    withoutTriggers: (table) => {
      const triggers = all(
        "select name, sql from sqlite_master where type = 'trigger' and tbl_name = ?",
        table,
      )
      for (const { name } of triggers) database.exec(`drop trigger ${String(name)}`)
      return undo(() => {
        for (const { sql } of triggers) database.exec(String(sql))
      })
    },
    editConnection: (handle, change) => {
      const [before] = all('select * from connections where handle = ?', handle)
      if (before === undefined) throw new Error(`there is no connection ${handle}`)
      const write = (from: Readonly<Row>): void => {
        const columns = Object.keys(change)
        const set = columns.map((column) => `${column} = ?`).join(', ')
        const values = columns.map((column) => from[column] ?? null)
        run(`update connections set ${set} where handle = ?`, ...values, handle)
      }
      write(change)
      return undo(() => write(before))
    },
    [Symbol.dispose]: () => database.close(),
  }
}
