import { expect, test } from 'vitest'
import { AuthorizationCodeAuth, authorizedFetch, readClaims } from '../src/index.ts'
import { setting } from './oauth-world.ts'

// Names are the check ids of SEP-1932, for which the official suite has no scenario yet. Both servers
// really verify each proof: method, URL, token, key, age, and that it is used once.

/** With bound tokens, and an agent whose person agrees. */
async function boundSetting() {
  const { as, rs } = await setting()
  rs.takesProofs = true
  const redirectUri = 'http://127.0.0.1:1/callback'
  const auth = new AuthorizationCodeAuth({ redirectUri, authorize: as.authorize })
  const fetch = authorizedFetch({ auth, resource: rs.url })
  return { as, rs, call: () => fetch(rs.url) }
}

const claimsOf = (proof = ''): Readonly<Record<string, unknown>> => readClaims(proof)

test('sep-1932-client-token-request-proof: a token is asked for with a proof for the token endpoint', async () => {
  const { as, call } = await boundSetting()
  expect((await call()).status).toBe(200)
  expect(as.tokenRequests.map(({ proof }) => claimsOf(proof))).toEqual([
    expect.objectContaining({ htm: 'POST', htu: `${as.issuer}/token` }),
  ])
})

test('sep-1932-client-dpop-auth-scheme: a bound token is presented as DPoP, and never as Bearer', async () => {
  const { rs, call } = await boundSetting()
  expect((await call()).status).toBe(200)
  // This server takes no other scheme; what came with another did not count as a token.
  expect(rs.tokens).toHaveLength(1)
  expect(rs.requests.filter((line) => line === 'GET /mcp')).toHaveLength(2)
})

test('sep-1932-client-fresh-proof: every request has a proof of its own, also of many at once', async () => {
  const { rs, call } = await boundSetting()
  await call()
  const answers = await Promise.all(Array.from({ length: 10 }, call))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  const proofs = rs.proofs.map((proof) => claimsOf(proof))
  expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(11)
  for (const proof of proofs) {
    expect(proof).toMatchObject({ htm: 'GET', htu: rs.url, ath: expect.any(String) })
  }
})

test('sep-1932-client-as-nonce: the nonce that the authorization server supplies is in the next proof', async () => {
  const { as, call } = await boundSetting()
  as.demandNonce = true
  expect((await call()).status).toBe(200)
  const nonces = as.tokenRequests.map(({ proof }) => claimsOf(proof)['nonce'])
  expect(nonces).toEqual([undefined, 'nonce-of-the-as'])
  expect(as.scopesAsked).toHaveLength(1)
})

test('sep-1932-client-rs-nonce: the nonce that the MCP server supplies is in the next proof', async () => {
  const { as, rs, call } = await boundSetting()
  rs.demandNonce = true
  expect((await call()).status).toBe(200)
  const nonces = rs.proofs.map((proof) => claimsOf(proof)['nonce'])
  expect(nonces).toEqual([undefined, 'nonce-of-the-rs'])
  expect(as.tokenRequests).toHaveLength(1)
})
