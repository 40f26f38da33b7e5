import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDocumentedStack } from '../../helpers/documented-stack.ts'
import { freePort } from '../../helpers/ports.ts'
import type { FurtherSurroundings, Surroundings } from '../columns.ts'
import type { Laboratory } from '../visit.ts'
import { approveDevice } from './device.ts'
import { setUpDesk } from './desk.ts'
import { type NotesServer, startNotesServer } from './notes-server.ts'
import { startObserver } from './observer.ts'

/** Everything that a run of the zoo needs. */
export interface FullLaboratory extends Laboratory, AsyncDisposable {
  readonly further: FurtherSurroundings
}

const tokenLifeSeconds = 30

/** After this an access token is refused, with what servers allow for clocks. */
export const tokenLifeMs = (tokenLifeSeconds + 12) * 1000

interface Registered {
  readonly client_id: string
  readonly client_secret: string
}

/** Starts a Holdfast, the servers that it protects, a person and their browser. */
export async function openLaboratory(): Promise<FullLaboratory> {
  await using started = new AsyncDisposableStack()
  const observer = started.use(await startObserver())
  const world = started.use(
    await startDocumentedStack({
      publicPort: observer.port,
      onPort: (port) => observer.forwardTo(port),
      settings: { HOLDFAST_ACCESS_TOKEN_TTL_SECONDS: String(tokenLifeSeconds) },
    }),
  )
  const { stack, person, documents, account } = world
  const register = (args: readonly string[]): Promise<Registered> => person.run<Registered>(args)

  const startServer = async (dpop: 'preferred' | 'required'): Promise<NotesServer> => {
    const port = await freePort()
    const { client_id: id, client_secret: secret } = await register([
      ...['resources', 'add', `http://localhost:${port}/mcp`, '--name', `Notes (${dpop})`],
      ...['--dpop', dpop],
      ...['--scope', 'notes:read=Read notes', '--scope', 'notes:write=Write notes'],
    ])
    const client = { id, secret }
    return started.use(await startNotesServer({ issuer: stack.issuer, port, dpop, client }))
  }
  const open = await startServer('preferred')
  const strict = await startServer('required')
  const machine = await register(['clients', 'register', '--name', 'Job', '--confidential'])
  const device = await register(['clients', 'register', '--name', 'TV app', '--device'])

  const authorize = (url: URL): Promise<URL> => person.authorize(url)
  const desk = started.use(await setUpDesk(authorize))
  const homes = await mkdtemp(join(tmpdir(), 'holdfast-zoo-'))
  started.defer(() => rm(homes, { recursive: true, force: true }))
  const around: Surroundings = {
    issuer: stack.issuer,
    documentUrl: documents.serve('/zoo.json', {
      client_name: 'Zoo application',
      redirect_uris: [
        'http://127.0.0.1/callback',
        'http://127.0.0.1/oauth/callback',
        'http://localhost/callback',
        'http://localhost/oauth/callback',
      ],
    }),
    authorize,
    environment: (home) => desk.environment(home),
  }
  const all = started.move()
  return {
    ...{ around, observer, open, strict, homes },
    further: {
      ...around,
      server: open.url,
      resourceClient: open.client,
      deviceClientId: device.client_id,
      machine: { id: machine.client_id, secret: machine.client_secret },
      approveDevice: (url) =>
        approveDevice({ email: account.email, password: account.password }, url),
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
