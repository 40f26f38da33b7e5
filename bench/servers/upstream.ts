/**
 * A local HTTPS upstream with a 900-byte answer that counts the requests by whether they carried the
 * right key exactly once. `GET /counts` reads the counters.
 */
import { createServer } from 'node:https'
import { announce, readConfig } from './serve.ts'

const config = await readConfig<{
  readonly cert: string
  readonly key: string
  readonly authorization: string
}>()
const body = JSON.stringify({ login: 'ada', padding: 'x'.repeat(872) })
const counts = { accepted: 0, refused: 0 }

const server = createServer({ cert: config.cert, key: config.key }, (request, response) => {
  if (request.url === '/counts') {
    response.end(JSON.stringify(counts))
    return
  }
  const keys = request.headersDistinct['authorization'] ?? []
  const accepted = keys.length === 1 && keys[0] === config.authorization
  counts[accepted ? 'accepted' : 'refused'] += 1
  const answer = accepted ? body : '{}'
  const headers = { 'content-type': 'application/json', 'content-length': answer.length }
  response.writeHead(accepted ? 200 : 401, headers).end(answer)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => announce(server))
