import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createBrowser } from './browser.ts'
import { makeCanary } from './canary.ts'
import { freePort } from './ports.ts'
import { type Stack, startStack } from './stack.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { startWireTap, type WireTap } from './wire-tap.ts'
import { connectMcp, type McpSession } from './mcp-client.ts'
import { createPerson, type Person, setUpPerson } from './person.ts'

/** Hears of each hop: what happened, and what each party could see of it. */
export type TellHop = (what: string, seen?: Readonly<Record<string, string>>) => void

/** Everything that runs after the main job was done once. */
export interface MainJob {
  readonly secret: string
  readonly upstream: Upstream
  /** An upstream of the attacker, with a certificate that the enclave trusts. */
  readonly evil: Upstream
  readonly stack: Stack
  readonly taps: readonly WireTap[]
  readonly ada: Person
  /** What Ada signs in with. */
  readonly account: { readonly email: string; readonly password: string }
  readonly mallory: Person
  readonly handle: string
  readonly resource: string
  /** The MCP server's own client at the authorization server. */
  readonly resourceClient: { readonly id: string; readonly secret: string }
  /** The agent's client. */
  readonly agentClientId: string
  readonly mcpServerPid: number
  readonly session: McpSession
  close(): Promise<void>
}

const password = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString('base64url')

/** How a main job differs from the demo's. */
export interface MainJobOptions {
  /** Further `HOLDFAST_*` settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** Further `host:port` on loopback that the relay may reach. */
  readonly reachable?: readonly string[]
  /** Paths that the connection's policy allows, as the command line takes them. */
  readonly paths?: string
}

/**
 * Does the whole main job with real processes: upstream, stack, people, resource, client, sealed
 * credential, token, tool call. Throws when a hop does not hold.
 */
export async function doMainJob(
  tell: TellHop = () => {},
  options: MainJobOptions = {},
): Promise<MainJob> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    return { ...(await run(tell, options, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function run(
  tell: TellHop,
  options: MainJobOptions,
  closers: (() => Promise<unknown>)[],
): Promise<Omit<MainJob, 'close'>> {
  const onClose = <T>(value: T, closer: (value: T) => Promise<unknown>): T => {
    closers.push(() => closer(value))
    return value
  }
  const secret = makeCanary()
  const upstream = onClose(await startUpstream({ apiKey: secret }), (one) => one.close())
  const evil = onClose(await startUpstream({ apiKey: secret }), (one) => one.close())
  tell(`A real HTTPS API starts at ${upstream.url}. It answers only requests that carry its key.`)

  const serverTap = onClose(await startWireTap(), (tap) => tap.close())
  const mcpTap = onClose(await startWireTap(), (tap) => tap.close())
  const stack = onClose(
    await startStack({
      publicPort: serverTap.port,
      allowPrivate: [
        ...[upstream, evil].map(({ port }) => `localhost:${port}`),
        ...(options.reachable ?? []),
      ],
      extraCaPem: `${upstream.caPem}\n${evil.caPem}`,
      settings: options.settings ?? {},
    }),
    (one) => one.stop(),
  )
  serverTap.forwardTo(stack.port)
  const { isolation } = await stack.report()
  tell(
    `Holdfast starts at ${stack.issuer}, as three processes: the authorization server (people, permissions, encrypted credentials), the enclave (the only one that can decrypt; isolation reached: ${isolation?.level}) and the egress relay (carries the enclave's encrypted traffic).`,
    { 'A wiretap on its port': 'every byte from now on; they are searched for the key at the end' },
  )

  const adaAccount = { name: 'Ada', email: 'ada@example.com', password: password() }
  const malloryAccount = { name: 'Mallory', email: 'mallory@example.com', password: password() }
  const ada = await setUpPerson(stack, adaAccount)
  const mallory = createPerson(stack, malloryAccount)
  tell(
    'Ada opens the one-time set-up link, which makes her the administrator, and signs in on her terminal.',
    {
      'The authorization server':
        "a hash of her password, and the public half of the key that her terminal's tokens are bound to",
    },
  )
  const invitation = await ada.run<{ url: string }>(['users', 'add', malloryAccount.email])
  await acceptInvitation(stack, invitation.url, malloryAccount.password)
  await mallory.login()

  const resource = `http://localhost:${mcpTap.port}/mcp`
  const registered = await ada.run<{ client_id: string; client_secret: string }>([
    ...['resources', 'add', resource, '--name', 'Demo MCP server', '--dpop', 'required'],
    ...['--scope', 'tools:call=Use its tools', '--connection', 'demo-api=Reads your profile'],
  ])
  const client = await ada.run<{ client_id: string }>([
    ...['clients', 'register', '--name', 'Demo agent'],
    ...['--redirect-uri', 'http://127.0.0.1/callback'],
  ])
  tell(`Ada registers an MCP server, ${resource}, and the agent that will use it.`)

  const connection = await ada.run<{ handle: string }>(
    [
      ...['connections', 'add', 'demo-api', '--base-url', upstream.url, '--secret-stdin'],
      ...['--methods', 'GET', '--paths', options.paths ?? '/user,/echo-headers'],
      ...['--resources', `${resource},direct`],
    ],
    `${secret}\n`,
  )
  tell(
    `Ada seals (encrypts) the API's key on her own device. From now on it is known by a handle: ${connection.handle}`,
    {
      'Her device': 'the key; it checked that what it encrypts to belongs to this enclave',
      'The authorization server': `ciphertext, who owns it, and that it is for ${new URL(upstream.url).host}`,
      'The database':
        'a record that only the enclave can decrypt, and only for this owner, handle, host and policy',
    },
  )

  const mcpServer = onClose(await startMcpServer({ stack, resource, ...registered }), ({ child }) =>
    endChild(child),
  )
  mcpTap.forwardTo(mcpServer.port)
  tell('The example MCP server starts, as a process of its own.', {
    'The MCP server': 'its own client secret, and no API key, not even an encrypted one',
  })

  const session = onClose(
    await connectMcp({
      url: resource,
      clientId: client.client_id,
      redirectUri: 'http://127.0.0.1/callback',
      authorize: (url) => ada.authorize(url),
    }),
    (one) => one.close(),
  )
  tell(
    'The agent asks for access. Ada signs in, allows it, and picks the connection that it may use.',
    {
      'The agent':
        "an access token that names the handle and is of no use without the agent's own private key",
    },
  )

  const before = upstream.seen.length
  const answer = await session.callTool('whoami')
  const seen = upstream.seen.slice(before)
  if (answer.isError || !answer.text.includes('"octo"')) {
    throw new Error(`the tool did not answer as it should: ${answer.text}`)
  }
  if (seen.length !== 1 || !seen[0]?.authorized) {
    throw new Error('the API was not called exactly once with its key')
  }
  tell('The agent calls the tool “whoami” through the official MCP client.', {
    'The MCP server': `the handle, and the answer ${answer.text}`,
    'The authorization server':
      'who calls what for whom; it checks that, and writes it down before it answers',
    'The enclave':
      'the key, for as long as it writes it into its own encrypted connection to the API',
    'The relay': `the address ${new URL(upstream.url).host}, and encrypted bytes`,
    'The API': 'one request, GET /user, with its key',
  })

  const denied = await session.callTool('delete-file', { id: 'report' })
  const expected = `Tool "delete-file" requires scopes: ['files:delete']. Missing: ['files:delete']`
  if (!denied.isError || denied.text !== expected) {
    throw new Error(`a tool without its scope answered: ${denied.text}`)
  }
  tell('The agent tries a tool for which Ada gave no permission. The MCP server refuses.', {
    'The agent': denied.text,
  })

  return {
    ...{
      secret,
      upstream,
      evil,
      stack,
      taps: [serverTap, mcpTap],
      ada,
      mallory,
      resource,
      session,
    },
    handle: connection.handle,
    account: adaAccount,
    resourceClient: { id: registered.client_id, secret: registered.client_secret },
    agentClientId: client.client_id,
    mcpServerPid: mcpServer.child.pid ?? 0,
  }
}

async function acceptInvitation(stack: Stack, url: string, secret: string): Promise<void> {
  const browser = createBrowser({ origin: stack.issuer })
  const page = await browser.open(url)
  await browser.submit(page.form('password'), { password: secret, repeat: secret })
  await browser.close()
}

async function startMcpServer(options: {
  readonly stack: Stack
  readonly resource: string
  readonly client_id: string
  readonly client_secret: string
}): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  const secretFile = join(folder, 'client-secret')
  await writeFile(secretFile, options.client_secret, { mode: 0o600 })
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=@holdfast/source', '--no-warnings'],
      resolve(import.meta.dirname, '../../examples/quickstart/main.ts'),
      ...['--issuer', options.stack.issuer, '--resource', options.resource],
      ...['--client-id', options.client_id, '--client-secret-file', secretFile],
      ...['--port', String(port), '--connection', 'demo-api'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the example MCP server ended before it was ready')
    }),
  ])
  await rm(folder, { recursive: true })
  return { child, port }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
