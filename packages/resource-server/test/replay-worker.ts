import { DatabaseSync } from 'node:sqlite'
import { createSqliteReplayStore } from '../src/replay.ts'

const [, , file = '', count = '0'] = process.argv
const database = new DatabaseSync(file, { timeout: 10_000 })
const store = createSqliteReplayStore(database)
process.stdout.write('ready\n')
process.stdin.once('data', () => {
  const ids = Array.from({ length: Number(count) }, (_, n) => `id-${n}`)
  void Promise.all(ids.map(async (id) => store.use(id, Date.now() + 60_000))).then((won) => {
    process.stdout.write(`${JSON.stringify(won)}\n`)
    database.close()
    process.stdin.destroy()
  })
})
