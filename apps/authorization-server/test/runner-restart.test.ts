import { createHash, createHmac, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer } from './support/server.ts'

const resource = 'https://runner.example/mcp'
const deployment = { id: 'dep_restart', secret: randomBytes(32) }

test('a signed dispatch that was copied is not carried out again after a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-as-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  let server = await startTestServer({ dataDir })
  const { issuer } = server
  const user = await server.addUser('ann@example.org')
  await server.ctx.storage.resources.create({
    ...{ resource, displayName: 'Runner', scopes: [], dpop: 'preferred' as const, deployment },
  })
  const [signing] = server.ctx.keystore.keys()
  const now = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({ client_id: 'agent', scope: '', jti: 'jti-1' })
    .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', kid: signing!.kid })
    .setIssuer(issuer)
    .setSubject(user.id)
    .setAudience(resource)
    .setIssuedAt(now)
    .setExpirationTime(now + 300)
    .sign(signing!.privateKey)
  const body = JSON.stringify({
    connection_handle: 'ddls:conn:01J0000000000000000000000A-github',
    request: { method: 'GET', path: '/user' },
  })
  const digest = createHash('sha256').update(body).digest('hex')
  const sendCopy = async (): Promise<unknown> => {
    const response = await fetch(`${issuer}/dispatch`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-dedalus-timestamp': String(now),
        'x-dedalus-deployment': deployment.id,
        'x-dedalus-signature': createHmac('sha256', deployment.secret)
          .update(`${now}:${deployment.id}:${digest}`)
          .digest('hex'),
      },
      body,
    })
    return response.json()
  }

  // Past authentication: the token names no such connection.
  expect(await sendCopy()).toMatchObject({ error: { code: 'CONNECTION_NOT_FOUND' } })
  expect(await sendCopy()).toMatchObject({ error: { code: 'DOWNSTREAM_RATE_LIMITED' } })
  await server.close(0)
  server = await startTestServer({
    dataDir,
    config: { issuer, port: Number(new URL(issuer).port) },
  })
  onTestFinished(() => server.stop())
  expect(await sendCopy()).toMatchObject({ error: { code: 'DOWNSTREAM_RATE_LIMITED' } })
})
