/** A local HTTPS upstream with a 900-byte answer that counts the requests with the right key. */
import { createServer } from 'node:https'
import { announce, readConfig } from './serve.ts'

const config = await readConfig<{
  readonly cert: string
  readonly key: string
  readonly authorization: string
}>()
const body = JSON.stringify({ login: 'ada', padding: 'x'.repeat(872) })

const server = createServer({ cert: config.cert, key: config.key }, (request, response) => {
  const accepted = request.headers.authorization === config.authorization
  response
    .writeHead(accepted ? 200 : 401, {
      'content-type': 'application/json',
      'content-length': accepted ? body.length : 2,
    })
    .end(accepted ? body : '{}')
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => announce(server))
