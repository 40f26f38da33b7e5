/**
 * Runs in a network namespace of its own whose loopback holds real public addresses, so that the
 * relay's way to a public upstream can be walked without leaving the machine. Prints one JSON line.
 */
import { ask, readAll, testDns, testListener, testRelay, tunnel } from './support.ts'

const PUBLIC = '93.184.215.14'
const DEAD_V6 = '2606:2800:21f::1'

await using upstream = await testListener(PUBLIC)
await using internal = await testListener('127.0.0.1')
let answers = [PUBLIC]
await using dns = await testDns((type) => (type === 'A' ? answers : [DEAD_V6]))
await using relay = await testRelay({ allow: ['api.example'], dnsServers: [dns.server] })

const socket = await tunnel(relay, `api.example:${upstream.port}`)
answers = ['127.0.0.1']
socket.end('hello')
const echoed = await readAll(socket)
const rebound = await ask(relay, `CONNECT api.example:${internal.port}\n`)

console.log(
  JSON.stringify({
    echoed,
    rebound,
    upstreamConnections: upstream.connections,
    internalConnections: internal.connections,
    asked: dns.asked.length,
  }),
)
