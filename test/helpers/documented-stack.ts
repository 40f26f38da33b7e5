import {
  type DocumentHost,
  startDocumentHost,
} from '../../apps/authorization-server/test/support/document-host.ts'
import { type Person, setUpPerson } from './person.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'

/** A stack with an administrator, and a host whose client metadata documents it can fetch. */
export interface DocumentedStack extends AsyncDisposable {
  readonly stack: Stack
  readonly person: Person
  readonly documents: DocumentHost
  /** What the administrator signs in with. */
  readonly account: { readonly email: string; readonly password: string }
}

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

/** Starts both and signs the administrator's terminal in. */
export async function startDocumentedStack(
  options: Pick<StackOptions, 'publicPort' | 'settings'> & {
    /** Hears of the port of the server before anybody asks it. */
    readonly onPort?: (port: number) => void
  } = {},
): Promise<DocumentedStack> {
  await using started = new AsyncDisposableStack()
  const documents = await startDocumentHost('agents.example')
  started.defer(() => documents.stop())
  const { dnsServers, extraCaPem } = documents.outbound as {
    dnsServers: string[]
    extraCaPem: string
  }
  const { publicPort, settings, onPort } = options
  const stack = await startStack({
    ...(publicPort !== undefined && { publicPort }),
    extraCaPem,
    settings: {
      HOLDFAST_OUTBOUND_ALLOW_PRIVATE: documents.name,
      HOLDFAST_OUTBOUND_DNS_SERVERS: dnsServers.join(','),
      ...settings,
    },
  })
  started.defer(() => stack.stop())
  onPort?.(stack.port)
  const person = await setUpPerson(stack, account)
  const all = started.move()
  return { stack, person, documents, account, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
