import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  fromBase64url,
  type KeySet,
  sealingKeySignedBytes,
  successionSignedBytes,
  toBase64url,
} from '@holdfast/protocol'
import { createDpopVerifier, createMemoryReplayStore } from '@holdfast/protocol/token'
import sodium, { ready } from 'libsodium-wrappers'
import { onTestFinished } from 'vitest'

await ready

/** Ed25519 identity of a made-up enclave with one sealing key. */
export interface FakeEnclave {
  readonly identity: string
  readonly keySet: KeySet
  readonly open: (sealed: Uint8Array) => Uint8Array
  /** Another enclave to which this one hands over by its signature. */
  readonly successor: () => FakeEnclave
}

export function fakeEnclave(succession: KeySet['succession'] = []): FakeEnclave {
  return enclaveOf(sodium.crypto_sign_keypair(), succession)
}

function enclaveOf(
  identity: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array },
  succession: KeySet['succession'],
): FakeEnclave {
  const box = sodium.crypto_box_keypair()
  const now = Math.floor(Date.now() / 1000)
  const key = {
    kid: 'seal_1',
    alg: 'x25519-sealed-box' as const,
    public_key: toBase64url(box.publicKey),
    not_before: now - 10,
    expires_at: now + 3600,
  }
  const sign = (bytes: Uint8Array): string =>
    toBase64url(sodium.crypto_sign_detached(bytes, identity.privateKey))
  const name = toBase64url(identity.publicKey)
  return {
    identity: name,
    keySet: {
      v: 1,
      identity: name,
      succession,
      keys: [{ ...key, signature: sign(sealingKeySignedBytes(key)) }],
    },
    open: (sealed) => sodium.crypto_box_seal_open(sealed, box.publicKey, box.privateKey),
    successor: () => {
      const next = sodium.crypto_sign_keypair()
      const step = { previous: name, next: toBase64url(next.publicKey), at: now }
      const signed = { ...step, signature: sign(successionSignedBytes(step)) }
      return enclaveOf(next, [...succession, signed])
    },
  }
}

/** What a test may change while the server runs. */
export interface Behaviour {
  enclave: FakeEnclave
  issuerInMetadata: string | undefined
  issInAnswer: string | undefined
  tokenType: 'DPoP' | 'Bearer'
  owner: string
  accessTokenSeconds: number
  uploadStatus: number
  /** Handle that a rotation gets, if not the one that was asked for. */
  rotatedHandle?: string
  demandNonce: boolean
  offersDevice: boolean
  /** How often the person has not yet entered the code. */
  pendingPolls: number
}

export interface FakeServer {
  readonly issuer: string
  readonly behaviour: Behaviour
  /** Method and path of every request, in order. */
  readonly requests: readonly string[]
  /** Bodies of uploads. */
  readonly uploads: readonly Record<string, unknown>[]
  readonly refreshes: () => number
  /** Stands in for browser and user: answers an authorization URL with the redirect. */
  readonly authorize: (url: URL) => Promise<URL>
  readonly revokeSession: () => void
}

/** A small authorization server that checks PKCE, DPoP and that a refresh token is used once. */
export async function startFakeServer(): Promise<FakeServer> {
  const requests: string[] = []
  const uploads: Record<string, unknown>[] = []
  const codes = new Map<string, { challenge: string; jkt: string; resource: string }>()
  const refreshTokens = new Map<string, { jkt: string; resource: string }>()
  const proofs = createDpopVerifier({ replay: createMemoryReplayStore() })
  let counter = 0
  let refreshes = 0
  const behaviour: Behaviour = {
    enclave: fakeEnclave(),
    issuerInMetadata: undefined,
    issInAnswer: undefined,
    tokenType: 'DPoP',
    owner: 'usr_ada',
    accessTokenSeconds: 300,
    uploadStatus: 200,
    demandNonce: false,
    offersDevice: true,
    pendingPolls: 0,
  }

  const issue = (jkt: string, resource: string): object => {
    counter += 1
    const refresh = `refresh-${counter}`
    refreshTokens.set(refresh, { jkt, resource })
    const claims = { sub: 'usr_ada', aud: resource, cnf: { jkt }, jti: String(counter) }
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
    return {
      access_token: `h.${body}.s`,
      token_type: behaviour.tokenType,
      expires_in: behaviour.accessTokenSeconds,
      refresh_token: refresh,
      scope: 'connections:read',
    }
  }

  const token = async (request: IncomingMessage): Promise<[number, object]> => {
    const form = new URLSearchParams(await text(request))
    const { jkt } = await proofs.verify({
      proof: String(request.headers['dpop']),
      method: 'POST',
      url: `${issuer}/token`,
    })
    const resource = form.get('resource') ?? ''
    if (form.get('grant_type') === 'authorization_code') {
      const code = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const verifier = form.get('code_verifier') ?? ''
      const challenge = createHash('sha256').update(verifier).digest('base64url')
      if (code?.challenge !== challenge || code.jkt !== jkt || code.resource !== resource) {
        return [400, { error: 'invalid_grant' }]
      }
      return [200, issue(jkt, resource)]
    }
    if (form.get('device_code') === 'device-1') {
      behaviour.pendingPolls -= 1
      return behaviour.pendingPolls >= 0
        ? [400, { error: 'authorization_pending' }]
        : [200, issue(jkt, resource)]
    }
    const known = refreshTokens.get(form.get('refresh_token') ?? '')
    refreshTokens.delete(form.get('refresh_token') ?? '')
    if (known?.jkt !== jkt || known.resource !== resource) return [400, { error: 'invalid_grant' }]
    refreshes += 1
    return [200, issue(jkt, resource)]
  }

  const api = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body === undefined ? '' : JSON.stringify(body))
    }
    if (url === '/.well-known/oauth-authorization-server') {
      const own = behaviour.issuerInMetadata ?? issuer
      return send(200, {
        issuer: own,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        revocation_endpoint: `${issuer}/revoke`,
        ...(behaviour.offersDevice && { device_authorization_endpoint: `${issuer}/device` }),
      })
    }
    if (url === '/.well-known/holdfast-sealing-keys.json')
      return send(200, behaviour.enclave.keySet)
    if (url === '/device') {
      return send(200, {
        device_code: 'device-1',
        user_code: 'WDJB-MJHT',
        verification_uri: `${issuer}/device/enter`,
        expires_in: 60,
        interval: 0.01,
      })
    }
    if (url === '/token') return send(...(await token(request)))
    if (url === '/revoke') {
      refreshTokens.delete(new URLSearchParams(await text(request)).get('token') ?? '')
      return send(200, undefined)
    }
    const accessToken = request.headers.authorization?.replace('DPoP ', '') ?? ''
    const nonce = behaviour.demandNonce ? { nonce: 'n-1' } : {}
    try {
      await proofs.verify({
        proof: String(request.headers['dpop']),
        method,
        url: `${issuer}${url}`,
        accessToken,
        ...nonce,
      })
    } catch {
      const challenge = { 'dpop-nonce': 'n-1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
      return send(401, { code: 'UNAUTHORIZED' }, behaviour.demandNonce ? challenge : {})
    }
    const body = method === 'GET' ? '' : await text(request)
    if (method === 'POST' && url === '/v1/connections') {
      const handle = `ddls:conn:01KQ0000000000000000000000-${(JSON.parse(body) as { provider: string }).provider}`
      return send(201, {
        handle,
        owner: behaviour.owner,
        upload: { nonce: 'a-nonce-of-one-upload', expires_at: '' },
        // A server that lies about where the credential goes.
        connection: { handle, base_url: 'https://evil.example' },
      })
    }
    if (method === 'POST' && url?.endsWith('/upload')) {
      return send(201, {
        handle: behaviour.rotatedHandle ?? decodeURIComponent(url.split('/')[3] ?? ''),
        owner: behaviour.owner,
        upload: { nonce: 'a-nonce-of-a-rotation', expires_at: '' },
      })
    }
    if (method === 'GET' && /^\/v1\/connections\/[^/?]+$/.test(url ?? '')) {
      return send(200, { base_url: 'https://evil.example', pins: { methods: ['GET'] } })
    }
    if (method === 'PUT') {
      uploads.push(JSON.parse(body) as Record<string, unknown>)
      return send(behaviour.uploadStatus, {
        status: 'active',
        code: 'CREDENTIAL_REFUSED',
        detail: 'no',
        errors: [{ pointer: '/sealed', detail: 'is not right' }],
      })
    }
    if (method === 'DELETE') return send(204, undefined)
    return send(200, { data: [], next_cursor: null })
  }

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    api(request, response).catch((error: unknown) => {
      response.writeHead(400).end(String(error))
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    issuer,
    behaviour,
    requests,
    uploads,
    refreshes: () => refreshes,
    revokeSession: () => refreshTokens.clear(),
    authorize: (url) => {
      const asked = url.searchParams
      const code = `code-${(counter += 1)}`
      codes.set(code, {
        challenge: asked.get('code_challenge') ?? '',
        jkt: asked.get('dpop_jkt') ?? '',
        resource: asked.get('resource') ?? '',
      })
      const answer = new URL(asked.get('redirect_uri') ?? '')
      answer.searchParams.set('code', code)
      answer.searchParams.set('state', asked.get('state') ?? '')
      const iss = behaviour.issInAnswer ?? issuer
      if (iss !== '') answer.searchParams.set('iss', iss)
      return Promise.resolve(answer)
    },
  }
}

/** The bytes of an uploaded sealed box. */
export const sealedBytes = (upload: Record<string, unknown> | undefined): Uint8Array =>
  fromBase64url(String(upload?.['sealed']))
