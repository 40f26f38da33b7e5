/** `holdfast bridge` between a real stdio client and a real server, with everything that it said. */
import { join, resolve } from 'node:path'
import type { Stream } from 'node:stream'
import { request } from 'undici'
import type { Person } from './person.ts'

const cliMain = resolve(import.meta.dirname, '../../apps/cli/src/main.ts')

/** How to start a bridge, for the stdio transports of both SDKs. */
export interface BridgeCommand {
  readonly command: string
  readonly args: string[]
  readonly env: Record<string, string>
  readonly stderr: 'pipe'
}

/** The command line of a bridge with a configuration folder of its own. */
export function bridgeCommand(
  folder: string,
  url: string,
  args: readonly string[] = [],
): BridgeCommand {
  return {
    command: process.execPath,
    args: [
      ...['--conditions=@holdfast/source', '--no-warnings', cliMain],
      ...['bridge', url, '--no-browser', ...args],
    ],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      HOLDFAST_CONFIG_DIR: folder,
      HOLDFAST_DATA_DIR: join(folder, 'data'),
    },
    stderr: 'pipe',
  }
}

/** Where a bridge keeps its tokens. */
export const bridgeStore = (folder: string): string => join(folder, 'bridge', 'default.json')

/** Signs in wherever a bridge asks for it, as a person with a browser does; collects what it says. */
export function watchBridge(
  stderr: Stream | null,
  person: Person,
): { readonly said: () => string; readonly signIns: () => readonly URL[] } {
  let said = ''
  const seen: URL[] = []
  stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const pages = said.match(/open this page to sign in: [^\s"]+(?=[\s"])/g) ?? []
    for (const page of pages.slice(seen.length)) {
      const url = new URL(page.split(' ').at(-1) ?? '')
      seen.push(url)
      person
        .authorize(url)
        .then((arrival) => request(arrival))
        .then(({ body }) => body.dump())
        .catch((error: unknown) => (said += `sign-in failed: ${String(error)}\n`))
    }
  })
  return { said: () => said, signIns: () => seen }
}
