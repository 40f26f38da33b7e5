import type { ApiKeys } from './api-keys.ts'
import type { Attempts } from './attempts.ts'
import type { AuditLog } from './audit/log.ts'
import type { ConnectTickets } from './connect-tickets.ts'
import type { ClientDocuments } from './client-documents.ts'
import type { ClientHosts } from './client-hosts.ts'
import type { Clients } from './clients.ts'
import type { Connections } from './connections/connections.ts'
import type { Denials } from './denials.ts'
import type { DynamicClients } from './dynamic-clients.ts'
import type { Grants } from './grants.ts'
import type { Invitations } from './invitations.ts'
import type { OidcAdapter } from './oidc/types.ts'
import type { RegistrationTokens } from './registration-tokens.ts'
import type { Resources } from './resources.ts'
import type { Settings } from './settings.ts'
import type { SignInAddresses } from './sign-in-addresses.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { StorageError } from './errors.ts'
import type { PendingAuthorizations } from './pending-authorizations.ts'
import type { TokenRevocations } from './token-revocations.ts'
import type { ToolManifests } from './tool-manifests.ts'
import type { TrustedIssuers } from './trusted-issuers.ts'
import type { UsedEnvelopes } from './used-envelopes.ts'
import type { Users } from './users.ts'

export interface StorageOptions {
  /** The database file; created with mode 0600. Its folder must exist. */
  readonly file: string
  /** 32 bytes; encrypts client secrets, signing keys and token payloads. Copied. */
  readonly encryptionKey: Uint8Array
  /** Unix milliseconds; default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** How long a rotated refresh token stays usable; default 30, 0 switches the grace off. */
  readonly refreshGraceSeconds?: number | undefined
  /** What a loser of a race for a single-use code or token is told; default StorageError ALREADY_CONSUMED. */
  readonly onConsumeConflict?: (() => Error) | undefined
  /** What the second user of a DPoP proof or assertion is told; default StorageError REPLAYED. */
  readonly onReplayConflict?: (() => Error) | undefined
  /** How often expired rows are deleted, 50 at a time; default 30000, 0 = only by `sweepExpired`. */
  readonly sweepIntervalMs?: number | undefined
  /**
   * Called once when the disk has failed, or hangs: with StorageError DISK_FAILED after a flush that failed,
   * DISK_HANGS after one that did not end. Nothing is stored or durable from then on; only a new process can help.
   */
  readonly onDiskFailure?: ((failure: StorageError) => void) | undefined
  /** After how long a flush hangs; default 30000. */
  readonly flushLimitMs?: number | undefined
}

/** Everything that the control plane stores. */
export interface Storage {
  readonly users: Users
  readonly invitations: Invitations
  readonly clients: Clients
  readonly dynamicClients: DynamicClients
  readonly clientDocuments: ClientDocuments
  readonly clientHosts: ClientHosts
  readonly registrationTokens: RegistrationTokens
  readonly apiKeys: ApiKeys
  readonly trustedIssuers: TrustedIssuers
  readonly resources: Resources
  readonly toolManifests: ToolManifests
  readonly connections: Connections
  readonly pendingAuthorizations: PendingAuthorizations
  readonly connectTickets: ConnectTickets
  readonly tokenRevocations: TokenRevocations
  readonly usedEnvelopes: UsedEnvelopes
  readonly grants: Grants
  readonly signingKeys: SigningKeys
  readonly denials: Denials
  readonly attempts: Attempts
  readonly signInAddresses: SignInAddresses
  readonly settings: Settings
  readonly audit: AuditLog
  /** The adapter of one oidc-provider model; pass `(name) => storage.oidcAdapter(name)` as `adapter`. */
  oidcAdapter(modelName: string): OidcAdapter
  /** Deletes at most `limit` (default 50) expired rows of each kind and returns how many went. */
  sweepExpired(limit?: number): Promise<number>
  /**
   * Resolves when all that could be read until now is on disk; undefined when it is there already. Await it
   * before anything that rests on what was read leaves the process. Writes that a power cut may undo by
   * design (proofs, interactions) are not waited for. Rejects with StorageError DISK_FAILED, DISK_HANGS.
   */
  durable(): Promise<void> | undefined
  /** Writes what is pending, then closes; later calls reject with StorageError CLOSED. */
  close(): Promise<void>
}
