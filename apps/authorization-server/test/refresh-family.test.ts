/** Refresh by several processes at a server that is a process of its own, as agents do it in real life. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { openStorage } from '@holdfast/storage'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadControlKey } from '../src/control-key.ts'
import { addClient, addResource, obtainTokens } from './support/flow.ts'
import { startTestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
const main = resolve(import.meta.dirname, '../src/main.ts')

let dataDir: string
let clientId: string
let refreshToken: string
let issuer: string
let server: ChildProcess

/** Makes a user, a client and a grant, then hands the data to a server of its own process. */
async function begin(refreshGraceSeconds: number): Promise<void> {
  const setup = await startTestServer()
  await setup.addUser(email)
  await addResource(setup, { resource })
  const client = await addClient(setup)
  ;({ refresh_token: refreshToken } = await obtainTokens(setup, { client, email, resource }))
  ;({ dataDir } = setup)
  clientId = client.client_id
  await setup.close(500)

  server = spawn(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', main], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {},
  })
  const config = {
    issuer: 'http://localhost:0',
    host: '127.0.0.1',
    port: 0,
    dataDir,
    enclaveSocket: join(dataDir, 'enclave.sock'),
    refreshGraceSeconds,
    rateLimits: { tokensPerAccount: 100_000 },
  }
  server.stdin?.write(`${JSON.stringify(config)}\n`)
  issuer = await new Promise((found) => {
    createInterface({ input: server.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as { event?: string; issuer?: string }
      if (line.event === 'ready') found(line.issuer ?? '')
    })
  })
}

afterEach(async () => {
  if (server.exitCode === null) {
    const ended = once(server, 'exit')
    server.stdin?.end()
    await ended
  }
  await rm(dataDir, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly refresh_token?: string
  readonly error?: string
  readonly error_description?: string
}

const refreshBody = (token: string): string =>
  new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: token,
  }).toString()

async function refresh(token: string): Promise<Answer> {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: refreshBody(token),
  })
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
}

const agent = `
  const [url, body, count] = process.argv.slice(1)
  process.stdin.once('data', async () => {
    const answers = await Promise.all(Array.from({ length: Number(count) }, async () => {
      const response = await fetch(url, { method: 'POST', body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' } })
      return { status: response.status, ...(await response.json()) }
    }))
    process.stdout.write(JSON.stringify(answers))
    process.exit(0)
  })
  process.stdout.write('ready\\n')
`

/** Has several processes refresh the same token, each many times at once, all on one signal. */
async function refreshEverywhere(processes: number, each: number): Promise<Answer[]> {
  const agents = Array.from({ length: processes }, () =>
    spawn(
      process.execPath,
      ['-e', agent, `${issuer}/oauth2/token`, refreshBody(refreshToken), String(each)],
      { stdio: ['pipe', 'pipe', 'inherit'], env: {} },
    ),
  )
  const outputs = agents.map((one) => {
    const chunks: Buffer[] = []
    one.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    return chunks
  })
  await Promise.all(agents.map((one) => once(one.stdout, 'data')))
  for (const one of agents) one.stdin.write('go\n')
  await Promise.all(agents.map((one) => once(one, 'close')))
  return outputs.flatMap(
    (chunks) => JSON.parse(Buffer.concat(chunks).toString().replace('ready\n', '')) as Answer[],
  )
}

/** What the log says about grants, read after the server has gone. */
async function recordsOfGrants(): Promise<readonly Record<string, unknown>[]> {
  const ended = once(server, 'exit')
  server.stdin?.end()
  await ended
  const storage = openStorage({
    file: join(dataDir, 'holdfast.db'),
    encryptionKey: loadControlKey(dataDir),
  })
  const records = await storage.audit.read({ limit: 1000 })
  await storage.close()
  return records.filter(({ type }) => type === 'grant.revoked') as unknown as Record<
    string,
    unknown
  >[]
}

describe('refresh within the grace', () => {
  beforeEach(() => begin(60))

  test('fifty at once from five processes all succeed, and none of the new tokens is dead', async () => {
    const answers = await refreshEverywhere(5, 10)
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    const renewed = answers.map(({ refresh_token: token = '' }) => token)
    expect(new Set(renewed).size).toBe(50)
    for (const token of renewed) expect((await refresh(token)).status).toBe(200)
    expect(await recordsOfGrants()).toEqual([])
  })
})

describe('refresh outside the grace', () => {
  beforeEach(() => begin(1))

  test('ends the family, and the audit log names it', async () => {
    const { refresh_token: first = '' } = await refresh(refreshToken)
    const { refresh_token: second = '' } = await refresh(first)
    // Until the grace is over each one is a success; one that was read within and counted after it only loses.
    let last: Answer = { status: 200 }
    const isOver = ({ status, error_description: why = '' }: Answer): boolean =>
      status !== 200 && !why.includes('concurrent request')
    const deadline = Date.now() + 30_000
    while (!isOver(last) && Date.now() < deadline) last = await refresh(refreshToken)
    expect(last).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('used again'),
    })
    for (const token of [first, second]) {
      expect(await refresh(token)).toMatchObject({ status: 400, error: 'invalid_grant' })
    }
    const records = await recordsOfGrants()
    expect(records).toMatchObject([
      {
        outcome: 'denied',
        client: clientId,
        resource,
        grant: expect.any(String),
        detail: { reason: 'refresh_token_reused' },
      },
    ])
    expect(JSON.stringify(records)).not.toContain(refreshToken)
  })
})
