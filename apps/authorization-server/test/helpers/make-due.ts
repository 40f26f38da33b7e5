import { DatabaseSync } from 'node:sqlite'

// Makes every token due when told to. In a process of its own, because two SQLite libraries in one
// undo each other's locks.
const database = new DatabaseSync(process.argv[2] ?? '')
database.exec('pragma busy_timeout = 10000')
const update = database.prepare(
  `update connections set token_refresh_at_ms = 1, token_expires_at_ms = 1 where kind = 'oauth2'`,
)
process.on('message', () => {
  update.run()
  process.send?.('done')
})
