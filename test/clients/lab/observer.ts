/** A reverse proxy in front of the authorization server that writes down who asked for what. */
import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** One request and its answer. */
export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly form: URLSearchParams
  readonly status: number
  readonly answer: string
}

/** A running observer. */
export interface Observer extends AsyncDisposable {
  readonly port: number
  readonly exchanges: readonly Exchange[]
  /** Sets where requests go; must be called before the first one. */
  forwardTo(port: number): void
}

/** Starts it on a free loopback port. */
export async function startObserver(): Promise<Observer> {
  const exchanges: Exchange[] = []
  let target = 0
  const server = createServer((incoming, outgoing) => {
    void buffer(incoming)
      .then((body) => {
        const { method = 'GET', url = '/', headers } = incoming
        const onward = forward({ port: target, host: '127.0.0.1', method, path: url, headers })
        onward.on('error', () => outgoing.destroy())
        onward.on('response', (response) => {
          void buffer(response)
            .then((answer) => {
              exchanges.push({
                method,
                url: new URL(url, 'http://observed.invalid'),
                form: new URLSearchParams(body.toString()),
                status: response.statusCode ?? 0,
                answer: answer.toString(),
              })
              outgoing.writeHead(response.statusCode ?? 502, response.headers).end(answer)
            })
            .catch(() => outgoing.destroy())
        })
        onward.end(body)
      })
      .catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    exchanges,
    forwardTo: (port) => {
      target = port
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
