/** A stack whose catalog has a made-up provider, with somebody to connect an account there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { TokenProvider } from '../../apps/authorization-server/test/helpers/token-provider.ts'
import { acmeProvider } from '../helpers/acme-provider.ts'
import { makeCanary } from '../helpers/canary.ts'
import { type Account, type Person, setUpPerson } from '../helpers/person.ts'
import { type Stack, startStack } from '../helpers/stack.ts'
import { startUpstream } from '../helpers/upstream.ts'

/** The stack, and who may connect what. */
export interface AcmeStack extends AsyncDisposable {
  readonly stack: Stack
  readonly account: Account
  readonly ada: Person
  /** The key that Acme takes, for the account `octo`. */
  readonly secret: string
}

const account = { name: 'Ada', email: 'ada@example.com', password: 'correct-horse-battery-42' }

/** Starts it; it may reach a provider with sign-in as well. */
export async function startAcmeStack(provider?: TokenProvider): Promise<AcmeStack> {
  await using started = new AsyncDisposableStack()
  const secret = makeCanary()
  const upstream = await startUpstream({ apiKey: secret })
  started.defer(() => upstream.close())
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-connect-'))
  started.defer(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'acme.yaml'), acmeProvider(upstream.url))
  const stack = await startStack({
    allowPrivate: [`localhost:${upstream.port}`, ...(provider ? [provider.authority] : [])],
    extraCaPem: `${upstream.caPem}\n${provider?.caPem ?? ''}`,
    settings: { HOLDFAST_PROVIDERS_DIR: folder },
  })
  started.defer(() => stack.stop())
  const ada = await setUpPerson(stack, account)
  const all = started.move()
  return { stack, account, ada, secret, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Pastes a key on the page of Acme, and sends it. */
export async function pasteKey(page: Page, value: string): Promise<void> {
  await page.getByText('sealed in this browser to the enclave').waitFor()
  await page.getByLabel('Access token').fill(value)
  await page.getByRole('button', { name: 'Seal and connect' }).click()
}
