import { processStart } from '@holdfast/protocol/token'
import { serverVersion } from './api/admin-routes.ts'
import type { AppSecrets } from './app-secrets.ts'
import { createTokenRefresher } from './connections/refresh.ts'
import { createRevocationQueue } from './connections/revocation-queue.ts'
import { startTokenMaintenance } from './connections/token-maintenance.ts'
import type { AppContext } from './context.ts'
import { createEnclaveClient } from './enclave-client/client.ts'
import { openKeystore } from './keystore.ts'
import { createDpopNonces } from './oauth/dpop-nonces.ts'
import { createOutbound } from './outbound/outbound.ts'
import { createClientDocuments } from './registration/documents/client-documents.ts'
import { createRevocation } from './revocation.ts'
import { createTokenVerifier } from './tokens.ts'

/** What is there before everything else. */
type ContextParts = Pick<AppContext, 'config' | 'storage' | 'logger' | 'clock'>

/** Makes what every part of this process is handed, and starts the maintenance of tokens. */
export async function createContext(
  { config, storage, logger, clock }: ContextParts,
  { nonceSecret }: Pick<AppSecrets, 'nonceSecret'>,
): Promise<AppContext> {
  const revocation = createRevocation({
    storage,
    accessTokenTtlSeconds: config.accessTokenTtlSeconds,
    clock,
  })
  const keystore = await openKeystore({
    storage,
    clock,
    algorithm: config.signingAlgorithm,
    maxAgeSeconds: config.signingKeyMaxAgeSeconds,
    overlapSeconds: config.accessTokenTtlSeconds,
  })
  const outbound = createOutbound({
    ...config.outbound,
    userAgent: `Holdfast/${serverVersion} (authorization server; +${config.issuer})`,
  })
  const enclave = createEnclaveClient({ socket: config.enclaveSocket, logger })
  const tokens = createTokenRefresher({ storage, enclave, clock })
  return Object.freeze({
    config,
    clock,
    processStart: processStart(clock),
    logger,
    storage,
    outbound,
    documents: createClientDocuments({
      storage,
      outbound,
      issuer: config.issuer,
      settings: config.registration,
      logger,
      clock,
    }),
    enclave,
    tokens,
    tokenMaintenance: startTokenMaintenance(
      [
        () => createRevocationQueue({ storage, enclave, clock }).work(),
        () => tokens.recoverAbandoned(),
      ],
      logger,
    ),
    keystore,
    revocation,
    proofNonces:
      config.dpopNonce === 'everywhere' ? createDpopNonces(nonceSecret, clock) : undefined,
    verifyToken: createTokenVerifier({
      issuer: config.issuer,
      findKey: (kid) => keystore.find(kid),
      revocation,
      clock,
    }),
  })
}
