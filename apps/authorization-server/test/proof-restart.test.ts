import { createDpopProof, generateDpopKey, jwkThumbprint } from '@holdfast/protocol/token'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { sha256Base64url } from '../src/dispatch/node-crypto.ts'
import { startTestServer } from './support/server.ts'

test.each([
  ['/v1/status', '/v1', 'admin', 200],
  ['/oauth2/userinfo', '/v1', '', 200],
] as const)('a copied proof for %s is of no use after a restart', async (path, aud, scope, ok) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-as-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  let server = await startTestServer({ dataDir })
  const { issuer } = server
  const user = await server.addUser('ann@example.org', 'admin')
  const key = await generateDpopKey()
  const jkt = await jwkThumbprint(key.publicJwk, sha256Base64url)
  const [signing] = server.ctx.keystore.keys()
  const token = await new SignJWT({ client_id: 'agent', scope, jti: 'jti-1', cnf: { jkt } })
    .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', kid: signing!.kid })
    .setIssuer(issuer)
    .setSubject(user.id)
    .setAudience(issuer + aud)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(signing!.privateKey)
  const url = issuer + path
  const prove = (now: () => number): Promise<string> =>
    createDpopProof({ key, method: 'GET', url, accessToken: token, now })
  const sendProof = async (dpop: string): Promise<number> =>
    (await fetch(url, { headers: { authorization: `DPoP ${token}`, dpop } })).status

  const copied = await prove(Date.now)
  expect(await sendProof(copied)).toBe(ok)
  expect(await sendProof(copied)).toBe(401)
  await server.close(0)
  const clock = (): number => Date.now() + 2000
  server = await startTestServer({
    dataDir,
    clock,
    config: { issuer, port: Number(new URL(issuer).port) },
  })
  onTestFinished(() => server.stop())
  expect(await sendProof(copied)).toBe(401)
  expect(await sendProof(await prove(clock))).toBe(ok)
})
