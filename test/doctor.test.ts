/** `holdfast doctor` at servers whose certificate is right, nearly over, over, for another name, or nobody's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { createAuthority } from './helpers/tls.ts'

const cliMain = resolve(import.meta.dirname, '../apps/cli/src/main.ts')
const dayMs = 86_400_000
const authority = createAuthority()

async function tlsCheck(
  certificate: { readonly certPem: string; readonly keyPem: string },
  trusted = authority.caPem,
): Promise<{ readonly outcome: string; readonly detail: string }> {
  const { certPem: cert, keyPem: key } = certificate
  const server = createServer({ cert, key }, (_request, response) => {
    const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ issuer }))
  }).listen(0, '127.0.0.1')
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true })
  })
  await once(server, 'listening')
  writeFileSync(join(folder, 'ca.pem'), trusted)
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', '--no-warnings', cliMain, 'doctor', url, '--json'],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
        HOLDFAST_CONFIG_DIR: folder,
        HOLDFAST_DATA_DIR: join(folder, 'data'),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const { checks } = JSON.parse(await text(child.stdout)) as {
    checks: { id: string; outcome: string; detail: string }[]
  }
  return checks.find(({ id }) => id === 'tls') ?? { outcome: 'none', detail: '' }
}

it('takes a certificate of a trusted authority', async () => {
  expect(await tlsCheck(authority.issue(['127.0.0.1']))).toMatchObject({ outcome: 'ok' })
})

it.each([
  ['that ends soon', 'warning', 'ends in', ['127.0.0.1'], { untilMs: Date.now() + 5 * dayMs }],
  [
    'that has ended',
    'failed',
    'CERT_HAS_EXPIRED',
    ['127.0.0.1'],
    { untilMs: Date.now() - 3_600_000 },
  ],
  ['for another name', 'failed', 'ALTNAME', ['auth.example'], {}],
] as const)('finds a certificate %s', async (_name, outcome, detail, names, options) => {
  const found = await tlsCheck(authority.issue(names, options))
  expect(found).toMatchObject({ outcome, detail: expect.stringContaining(detail) })
})

it('finds a certificate of an authority that nobody knows', async () => {
  const found = await tlsCheck(createAuthority('nobody').issue(['127.0.0.1']))
  expect(found.outcome).toBe('failed')
})
