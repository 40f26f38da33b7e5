import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the stand-in was asked to dispatch. */
export interface SeenDispatch {
  readonly authorization: string | undefined
  readonly hasProof: boolean
  readonly body: { readonly connection_handle: string; readonly request: { readonly path: string } }
}

/** A stand-in for the authorization server: it signs real tokens and answers what a guard asks. */
export interface LocalIssuer extends AsyncDisposable {
  readonly issuer: string
  readonly seen: SeenDispatch[]
  readonly signToken: (claims: Readonly<Record<string, unknown>>) => Promise<string>
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

/** Starts the stand-in, so that the example can be checked without the rest of the stack. */
export async function startLocalIssuer(): Promise<LocalIssuer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const seen: SeenDispatch[] = []
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const signToken = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
    const iat = Math.floor(Date.now() / 1000)
    const payload = { iss: issuer, iat, exp: iat + 300, jti: crypto.randomUUID(), ...claims }
    const text = `${encode({ alg: 'ES256', kid: 'local', typ: 'at+jwt' })}.${encode(payload)}`
    const bytes = new TextEncoder().encode(text)
    const signature = await crypto.subtle.sign(algorithm, pair.privateKey, bytes)
    return `${text}.${Buffer.from(signature).toString('base64url')}`
  }

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    if (request.url === '/.well-known/jwks.json') {
      return {
        keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: 'local', use: 'sig' }],
      }
    }
    if (request.url === '/oauth2/deny-list') return { epoch: 0, entries: [] }
    if (request.url === '/oauth2/token') {
      const form = new URLSearchParams(await readText(request))
      return {
        access_token: `exchanged-for-${form.get('resource')}`,
        token_type: 'DPoP',
        expires_in: 300,
      }
    }
    seen.push({
      authorization: request.headers.authorization,
      hasProof: request.headers['dpop'] !== undefined,
      body: JSON.parse(await readText(request)) as SeenDispatch['body'],
    })
    return { success: true, response: { status: 200, headers: {}, body: { login: 'octocat' } } }
  }
  server.on('request', (request, response) => {
    void answer(request).then((body) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(body))
    })
  })
  return {
    issuer,
    seen,
    signToken,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
