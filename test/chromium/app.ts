/** The web app that a person comes from, and goes back to after a consent. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface WebApp {
  readonly redirectUri: string
  /** What it was asked for, query included. */
  readonly asked: string[]
  close(): void
}

/** Starts it; every page of it says `Back in the app`. */
export async function startWebApp(): Promise<WebApp> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Back in the app</h1>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    asked,
    redirectUri: `http://127.0.0.1:${port}/callback`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
