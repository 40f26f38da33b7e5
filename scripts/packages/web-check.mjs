// For runtimes that are not Node: a guard made of web APIs lets a bound token with its proof through,
// once, and refuses the rest. The client answers its nonce.
import { authorizedFetch, DPoPAuth } from '@holdfast/client'
import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import { protectedResource, protectFetch } from '@holdfast/resource-server'
import { honoProtection } from '@holdfast/resource-server/hono'
import { MCPServer } from '@holdfast/resource-server/mcp'

const issuer = 'https://issuer.example'
const resource = 'https://mcp.example/mcp'
const encode = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const part = (value) => encode(new TextEncoder().encode(JSON.stringify(value)))
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const expect = (is, what) => {
  if (!is) throw new Error(`not so: ${what}`)
}

let keys = []
// Made where a Worker only starts: its clock stands at zero there, and it has no random numbers.
const ownGuard = protectedResource({
  issuer,
  resource,
  revocation: false,
  fetch: async () => Response.json({ keys }),
})

/** A proof from before the start needs the nonce of this process, whatever its clock said then. */
async function checkStart(token, key) {
  const serve = protectFetch(ownGuard, (_request, { auth }) => new Response(auth.subject))
  const madeMs = Date.now() - 20_000
  const send = async (nonce) => {
    const proof = { key, method: 'POST', url: resource, accessToken: token, now: () => madeMs }
    const dpop = await createDpopProof({ ...proof, ...(nonce === undefined ? {} : { nonce }) })
    const headers = { authorization: `DPoP ${token}`, dpop }
    return serve(new Request(resource, { method: 'POST', headers }))
  }
  const refused = await send()
  expect(refused.status === 401, 'a proof from before the start does not pass')
  const nonce = refused.headers.get('dpop-nonce')
  expect(nonce !== null && (await send(nonce)).status === 200, 'a new one with the nonce does')
}

/** @throws Error that says what is not so */
export async function check() {
  expect(typeof MCPServer === 'function' && typeof honoProtection === 'function', 'entries load')
  const signing = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const jwk = {
    ...(await crypto.subtle.exportKey('jwk', signing.publicKey)),
    kid: 'k',
    alg: 'ES256',
    use: 'sig',
  }
  delete jwk.key_ops
  delete jwk.ext
  const key = await generateDpopKey()
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    aud: resource,
    sub: 'u',
    client_id: 'c',
    jti: 'j',
    iat: now,
    exp: now + 60,
    cnf: { jkt: key.jkt },
  }
  const text = `${part({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })}.${part(claims)}`
  const signature = await crypto.subtle.sign(
    algorithm,
    signing.privateKey,
    new TextEncoder().encode(text),
  )
  const token = `${text}.${encode(new Uint8Array(signature))}`

  const guard = protectedResource({
    issuer,
    resource,
    revocation: false,
    dpopNonceSecret: crypto.getRandomValues(new Uint8Array(32)),
    fetch: async () => Response.json({ keys: [jwk] }),
  })
  const serve = protectFetch(guard, (_request, { auth }) => new Response(auth.subject))
  const seen = []
  const fetch = authorizedFetch({
    auth: new DPoPAuth(token, key),
    resource,
    fetch: async (url, init) => {
      const request = new Request(url, init)
      seen.push(request.clone())
      return serve(request)
    },
  })
  const answer = await fetch(resource, { method: 'POST', body: 'x' })
  expect(
    answer.status === 200 && (await answer.text()) === 'u',
    'a bound token passes with its proof',
  )
  expect(seen.length === 2, 'the nonce was demanded, and answered')
  expect((await serve(seen[1])).status === 401, 'the same proof does not pass again')
  const bearer = new Request(resource, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  })
  expect((await serve(bearer)).status === 401, 'a bound token is no bearer token')
  keys = [jwk]
  await checkStart(token, key)
}
