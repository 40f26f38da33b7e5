/**
 * The baseline of the dispatch benchmark: the same JSON in and out, the credential in a variable,
 * undici's pool to the upstream. No token, no proof, no policy, no encryption, no audit.
 */
import { createServer } from 'node:http'
import { Pool } from 'undici'
import { announce, readConfig } from './serve.ts'

const config = await readConfig<{
  readonly upstream: string
  readonly caPem: string
  readonly authorization: string
}>()
const pool = new Pool(config.upstream, { connections: 64, connect: { ca: config.caPem } })

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    void forward(JSON.parse(Buffer.concat(chunks).toString()) as never).then((answer) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
})

async function forward(call: { request: { method: 'GET'; path: string } }): Promise<unknown> {
  const { method, path } = call.request
  const answer = await pool.request({
    method,
    path,
    headers: { authorization: config.authorization },
  })
  const { 'content-type': type = '' } = answer.headers
  return {
    success: true,
    response: {
      status: answer.statusCode,
      headers: { 'content-type': String(type) },
      body: await answer.body.json(),
    },
  }
}

server.listen(0, '127.0.0.1', () => announce(server))
