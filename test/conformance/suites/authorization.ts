/**
 * The official suite's scenarios for authorization servers, against a whole Holdfast: once with a
 * client registered by hand, once with one that is known by its metadata document only.
 */
import { request } from 'undici'
import { startDocumentedStack } from '../../helpers/documented-stack.ts'
import type { Person } from '../../helpers/person.ts'
import { freePort } from '../../helpers/ports.ts'
import { type Check, officialChecks } from '../official.ts'
import type { SuiteResult } from '../suite.ts'

/** Nobody listens there: the suite obtains a token and does not use it. */
const resource = 'http://localhost:8000/mcp'

const describe = (label: string, { name, status, errorMessage }: Check): string =>
  [
    `${status === 'SUCCESS' ? '✓' : '✗'} ${label} ${name}: ${status}`,
    ...(errorMessage === undefined ? [] : [errorMessage]),
  ].join('\n      ')

async function check(issuer: string, person: Person, clientId: string): Promise<readonly Check[]> {
  const port = await freePort()
  let visit: Promise<unknown> = Promise.resolve()
  const checks = await officialChecks(
    [
      'authorization',
      ...['--url', issuer, '--resource', resource],
      ...['--client-id', clientId, '--port', String(port)],
    ],
    (line) => {
      if (!line.startsWith(`${issuer}/`)) return
      visit = person
        .authorize(new URL(line))
        .then(async (answer) => (await request(answer)).body.dump())
        // The suite waits for minutes; its check says less than the page that was shown.
        .catch((error: unknown) => console.log(`  the browser: ${String(error)}`))
    },
  )
  await visit
  return checks
}

const count = (checks: readonly Check[], ...statuses: readonly string[]): number =>
  checks.filter(({ status }) => statuses.includes(status)).length

/** Runs the scenarios with both kinds of client. */
export async function run(): Promise<SuiteResult> {
  await using world = await startDocumentedStack()
  const { stack, person, documents } = world
  await person.run(['resources', 'add', resource, '--name', 'Notes', '--scope', 'notes=Read them'])
  const registered = await person.run<{ client_id: string }>([
    ...['clients', 'register', '--name', 'Conformance suite'],
    ...['--redirect-uri', 'http://127.0.0.1/callback'],
  ])
  const clients = {
    'registered by hand': registered.client_id,
    'metadata document': documents.serve('/conformance.json'),
  }
  const checks: Check[] = []
  const details: string[] = []
  for (const [label, clientId] of Object.entries(clients)) {
    const found = await check(stack.issuer, person, clientId)
    checks.push(...found)
    details.push(...found.map((one) => describe(label, one)))
  }
  const passed = count(checks, 'SUCCESS')
  // A check that was skipped proved nothing, and here a warning is not good enough either.
  return {
    name: 'authorization server',
    passed,
    failed: checks.length - passed,
    warnings: count(checks, 'WARNING'),
    details,
  }
}
