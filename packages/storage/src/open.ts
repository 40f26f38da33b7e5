import { createApiKeys } from './api-keys.ts'
import { createAttempts } from './attempts.ts'
import { createAuditLog } from './audit/log.ts'
import type { Backend } from './backend.ts'
import { createCipher } from './cipher.ts'
import { createClientDocuments } from './client-documents.ts'
import { createClientHosts } from './client-hosts.ts'
import { createClients } from './clients.ts'
import { createConnectTickets } from './connect-tickets.ts'
import { createConnections } from './connections/connections.ts'
import { createConnectionTable } from './connections/table.ts'
import { createDenials } from './denials.ts'
import { createDynamicClients } from './dynamic-clients.ts'
import { createGrants } from './grants.ts'
import { createInvitations } from './invitations.ts'
import { createClientAdapter } from './oidc/client-adapter.ts'
import { alreadyConsumed, createRecordAdapter } from './oidc/record-adapter.ts'
import { createReplayAdapter, replayed } from './oidc/replay-adapter.ts'
import { createRegistrationTokens } from './registration-tokens.ts'
import { createResources } from './resources.ts'
import { createSettings, requireEncryptionKey } from './settings.ts'
import { createSignInAddresses } from './sign-in-addresses.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createGroupCommit } from './sqlite/group-commit.ts'
import { createPrivateFile, openDatabase } from './sqlite/database.ts'
import { migrate } from './sqlite/migrate.ts'
import type { Storage, StorageOptions } from './storage.ts'
import { createSweep } from './sweep.ts'
import { createPendingAuthorizations } from './pending-authorizations.ts'
import { createTokenRevocations } from './token-revocations.ts'
import { createToolManifests } from './tool-manifests.ts'
import { createTrustedIssuers } from './trusted-issuers.ts'
import { createUsedEnvelopes } from './used-envelopes.ts'
import { createUsers } from './users.ts'

const sweepBatch = 50

/**
 * Opens (and creates or migrates) the database.
 *
 * @throws StorageError SCHEMA_TOO_NEW, WRONG_ENCRYPTION_KEY, INVALID_VALUE
 */
export function openStorage(options: StorageOptions): Storage {
  const cipher = createCipher(options.encryptionKey)
  const now = options.now ?? Date.now
  createPrivateFile(options.file)
  const db = openDatabase(options.file)
  try {
    migrate(db, now())
    requireEncryptionKey(db, cipher)
  } catch (error) {
    db.close()
    throw error
  }
  const commit = createGroupCommit(db, {
    onFailure: options.onDiskFailure,
    flushLimitMs: options.flushLimitMs,
  })
  const backend: Backend = { db, commit, cipher, now }

  const clients = createClients(backend)
  const connectionTable = createConnectionTable(backend)
  const sweep = createSweep(backend)
  const stopSweeping = sweepRegularly(sweep, options.sweepIntervalMs ?? 30_000)
  const graceMs = (options.refreshGraceSeconds ?? 30) * 1000
  const onConsumeConflict = options.onConsumeConflict ?? alreadyConsumed
  const onReplayConflict = options.onReplayConflict ?? replayed

  return {
    users: createUsers(backend, connectionTable),
    invitations: createInvitations(backend),
    clients,
    dynamicClients: createDynamicClients(backend),
    clientDocuments: createClientDocuments(backend),
    clientHosts: createClientHosts(backend),
    registrationTokens: createRegistrationTokens(backend),
    apiKeys: createApiKeys(backend),
    trustedIssuers: createTrustedIssuers(backend),
    resources: createResources(backend),
    toolManifests: createToolManifests(backend),
    connections: createConnections(backend, connectionTable),
    pendingAuthorizations: createPendingAuthorizations(backend),
    connectTickets: createConnectTickets(backend),
    tokenRevocations: createTokenRevocations(backend),
    usedEnvelopes: createUsedEnvelopes(backend),
    grants: createGrants(backend),
    signingKeys: createSigningKeys(backend),
    denials: createDenials(backend),
    attempts: createAttempts(backend),
    signInAddresses: createSignInAddresses(backend),
    settings: createSettings(backend),
    audit: createAuditLog(backend),
    oidcAdapter(model) {
      if (model === 'Client') return createClientAdapter(clients)
      if (model === 'ReplayDetection') return createReplayAdapter(backend, onReplayConflict)
      return createRecordAdapter(backend, {
        model,
        graceMs: model === 'RefreshToken' ? graceMs : 0,
        onConsumeConflict,
      })
    },
    sweepExpired: (limit = sweepBatch) => sweep(limit),
    durable: () => commit.durable(),
    async close() {
      stopSweeping()
      commit.close()
      db.close()
    },
  }
}

/** Sweeps batch after batch, other work in between, until nothing is expired; then again after the interval. */
function sweepRegularly(sweep: (limit: number) => Promise<number>, intervalMs: number): () => void {
  if (intervalMs === 0) return () => undefined
  const round = async (): Promise<void> => {
    try {
      if ((await sweep(sweepBatch)) >= sweepBatch) await round()
    } catch {
      // Closed, held by another process, or a full disk: expired rows are harmless until the next round.
    }
  }
  const timer = setInterval(() => void round(), intervalMs)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
