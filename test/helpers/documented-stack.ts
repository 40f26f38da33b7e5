import {
  type DocumentHost,
  startDocumentHost,
} from '../../apps/authorization-server/test/support/document-host.ts'
import { createPerson, type Person } from './person.ts'
import { type Stack, startStack } from './stack.ts'

/** A stack with an administrator, and a host whose client metadata documents it can fetch. */
export interface DocumentedStack extends AsyncDisposable {
  readonly stack: Stack
  readonly person: Person
  readonly documents: DocumentHost
}

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

/** Starts both and signs the administrator's terminal in. */
export async function startDocumentedStack(
  settings: Readonly<Record<string, string>> = {},
): Promise<DocumentedStack> {
  await using started = new AsyncDisposableStack()
  const documents = await startDocumentHost('agents.example')
  started.defer(() => documents.stop())
  const { dnsServers, extraCaPem } = documents.outbound as {
    dnsServers: string[]
    extraCaPem: string
  }
  const stack = await startStack({
    extraCaPem,
    settings: {
      HOLDFAST_OUTBOUND_ALLOW_PRIVATE: documents.name,
      HOLDFAST_OUTBOUND_DNS_SERVERS: dnsServers.join(','),
      ...settings,
    },
  })
  started.defer(() => stack.stop())
  const person = createPerson(stack, account)
  await person.run(['setup', '--email', account.email, '--password-stdin'], `${account.password}\n`)
  await person.login()
  const all = started.move()
  return { stack, person, documents, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
