/** The browser that commands open: a program named by `BROWSER` and on `PATH`, with a person at it. */
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { request } from 'undici'

/** A desk with a browser. */
export interface Desk extends AsyncDisposable {
  /** Environment of a command that opens a browser here and keeps its files in `home`. */
  environment(home: string): NodeJS.ProcessEnv
}

/** Programs by which clients open a browser on Linux and macOS. */
const openers = ['xdg-open', 'open', 'browser']

/** Hands the address to the desk and ends, as a browser that already runs does. */
const program = (address: string): string => `#!${process.execPath}
const { request } = require('node:http')
const url = process.argv.find((argument) => /^https?:/.test(argument)) ?? ''
request(${JSON.stringify(address)}, { method: 'POST' }).end(url)
`

/** Sets a desk up; `authorize` is what the person there does. */
export async function setUpDesk(authorize: (url: URL) => Promise<URL>): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-desk-'))
  const goThere = async (url: URL): Promise<void> => {
    const answer = await request(await authorize(url))
    await answer.body.dump()
  }
  const visit = (url: URL): void =>
    void goThere(url).catch((error: unknown) => console.error(`  the browser: ${String(error)}`))
  const server = createServer((incoming, outgoing) => {
    outgoing.end()
    void text(incoming)
      .then((url) => visit(new URL(url)))
      .catch((error: unknown) => console.error(`  the desk: ${String(error)}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const name of openers) {
    const file = join(folder, name)
    await writeFile(file, program(`http://127.0.0.1:${port}/`))
    await chmod(file, 0o755)
  }
  return {
    environment: (home) => ({
      PATH: [folder, process.env['PATH']].join(delimiter),
      BROWSER: join(folder, 'browser'),
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_STATE_HOME: join(home, 'state'),
      NO_COLOR: '1',
    }),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
