import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function secretFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'secret'), 'not-a-real-secret', { mode: 0o600 })
  return join(folder, 'secret')
}

const examples: Readonly<Record<string, () => readonly string[]>> = {
  quickstart: () => [
    ...['--issuer', 'https://auth.example', '--resource', 'https://mcp.example/mcp'],
    ...['--client-id', 'x', '--client-secret-file', secretFile()],
  ],
  'scoped-tools': () => [
    ...['--issuer', 'https://auth.example', '--resource', 'https://mcp.example/mcp'],
    ...['--jwks', 'https://auth.example/jwks'],
  ],
}

async function run(
  example: string,
  port: string,
  more: readonly string[] = [],
): Promise<{ code: number; stderr: string; stdout: string }> {
  const main = join(import.meta.dirname, example, 'main.ts')
  const options = ['--conditions=@holdfast/source', '--no-warnings']
  const child = spawn(
    process.execPath,
    [...options, main, ...(examples[example]?.() ?? []), ...more],
    {
      env: { PORT: port },
    },
  )
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, 'exit')) as [number]
  const [stdout, stderr] = await output
  return { code, stdout, stderr }
}

test.each(Object.keys(examples))(
  '%s says in one line that its port is taken, and what to do',
  async (example) => {
    const port = await takenPort()
    const { code, stdout, stderr } = await run(example, String(port))
    expect(stderr).toBe(
      `port ${port} of 127.0.0.1 is taken: choose another one by PORT=… or --port …\n`,
    )
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    // A flag is nearer than the environment.
    const other = await takenPort()
    expect((await run(example, '0', ['--port', String(other)])).stderr).toContain(`port ${other}`)
  },
)

test.each(['', 'abc', '65536', '-1', '80.5'])('a port %j is refused in one line', async (port) => {
  const { code, stderr } = await run('scoped-tools', port)
  expect(stderr).toBe(`the port must be a number from 0 to 65535, not ${JSON.stringify(port)}\n`)
  expect(code).toBe(78)
})
