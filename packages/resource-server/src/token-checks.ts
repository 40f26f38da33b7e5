import {
  type AuthorizeRequestOptions,
  createAccessTokenVerifier,
  createDpopVerifier,
  createMemoryReplayStore,
  createRemoteKeySource,
  type DpopVerifierOptions,
  processStart,
} from '@holdfast/protocol/token'
import { requestJson } from './http-client.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import type { Settings } from './settings.ts'

async function loadKeys(settings: Settings): Promise<unknown> {
  const { status, body } = await requestJson(
    settings.fetch,
    `${settings.issuer}/.well-known/jwks.json`,
    { headers: { accept: 'application/json' }, timeoutMs: 5_000, maxBytes: 1024 * 1024 },
  )
  if (status !== 200) throw new Error(`the issuer's key set answered ${status}`)
  return body
}

function ownTokens(
  settings: Settings,
  shared: Omit<DpopVerifierOptions, 'replay'>,
): AuthorizationProvider {
  const { issuer = '', resource, now } = settings
  return createAccessTokenVerifier({
    ...shared,
    issuer,
    audience: resource,
    keys: createRemoteKeySource({ load: () => loadKeys(settings), now }),
  })
}

/** How this server checks tokens and proofs. Scopes are compared afterwards, with their hierarchy. */
export function createTokenChecks(settings: Settings): AuthorizeRequestOptions {
  const { now, sha256, verifySignature, importProofKey, dpop, dpopLeewaySeconds } = settings
  const shared = {
    now,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(verifySignature === undefined ? {} : { verifySignature }),
  }
  return {
    tokens: settings.authorizationProvider ?? ownTokens(settings, shared),
    proofs: createDpopVerifier({
      ...shared,
      maxAgeSeconds: dpopLeewaySeconds,
      clockToleranceSeconds: dpopLeewaySeconds,
      ...(importProofKey === undefined ? {} : { importProofKey }),
      ...(settings.replay === undefined
        ? { replay: createMemoryReplayStore({ now }), notBefore: processStart(now) }
        : { replay: settings.replay }),
    }),
    dpop,
  }
}
