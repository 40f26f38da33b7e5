/**
 * One of two processes that use the same proof: `node replay-server-worker.ts DRIVER PORT`. Reads the
 * login as JSON, says `ready`, reads the proof, and answers how often it was accepted.
 */
import { createInterface } from 'node:readline'
import { drivers } from './stores/drivers.ts'
import type { PostgresLogin } from './stores/servers.ts'

const [, , name = '', port = ''] = process.argv
const driver = drivers.find((one) => one.name === name)
if (driver === undefined) throw new Error(`there is no driver ${name}`)
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
const nextLine = async (): Promise<string> => String((await lines.next()).value)

const login = JSON.parse(await nextLine()) as PostgresLogin
const { store, close } = await driver.open(Number(port), login, { timeoutMs: 20_000 })
process.stdout.write('ready\n')
const id = await nextLine()
const uses = Array.from({ length: 50 }, async () => store.use(id, Date.now() + 60_000))
const won = await Promise.all(uses)
process.stdout.write(`${won.filter(Boolean).length}\n`)
await close()
process.stdin.destroy()
