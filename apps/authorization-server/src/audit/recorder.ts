import type { AuditEntry, AuditRecord } from '@holdfast/protocol/audit'
import type { AuditLog } from '@holdfast/storage'

/** Everything that this process records about connections, calls and administration. */
export const auditEventTypes = [
  'dispatch',
  'dispatch.refused',
  'connection.reserved',
  'connection.upload_opened',
  'connection.sealed',
  'connection.upload_refused',
  'connection.restored',
  'connection.updated',
  'connection.policy_changed',
  'connection.paused',
  'connection.resumed',
  'connection.revoked',
  'connection.tested',
  'connection.authorization_begun',
  'connection.authorized',
  'connection.authorization_refused',
  'connection.refreshed',
  'connection.needs_reconnect',
  'connection.provider_revoked',
  'connection.revocation_failed',
  'connection.revocation_not_supported',
  'connect_ticket.created',
  'connect_ticket.used',
  'oauth_app.reserved',
  'oauth_app.revoked',
  'grant.revoked',
  'user.invited',
  'user.disabled',
  'client.registered',
  'client.revoked',
  'client.pinned',
  'client.unpinned',
  'client_host.approved',
  'client_host.denied',
  'client_host.forgotten',
  'api_key.created',
  'api_key.refused',
  'api_key.revoked',
  'issuer.added',
  'issuer.removed',
  'registration_token.created',
  'registration_token.revoked',
  'resource.registered',
  'resource.updated',
  'resource.removed',
  'resource.tools_changed',
  'keys.signing_rotated',
  'keys.signing_announced',
  'keys.sealing_rotated',
] as const
export type AuditEventType = (typeof auditEventTypes)[number]

/** An event of {@link auditEventTypes}. */
export type AuditEvent = AuditEntry & { readonly type: AuditEventType }

/**
 * Records an event and resolves once it is on disk.
 *
 * @throws StorageError when it could not be written; what it speaks of must then not be answered
 */
export function recordEvent(
  log: Pick<AuditLog, 'append'>,
  event: AuditEvent,
): Promise<AuditRecord> {
  return log.append(event)
}
