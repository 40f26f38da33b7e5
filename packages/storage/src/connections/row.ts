import { hash } from 'node:crypto'
import type { JsonObject } from '../json.ts'
import { parseJson } from '../rows.ts'
import type { ConnectionRow } from '../schema.ts'
import type { Connection, ConnectionInfo, NewConnection } from './connection.ts'

/** The row of a connection that is only reserved so far. */
export function toReservedRow(connection: NewConnection, nowMs: number): ConnectionRow {
  const { upload } = connection
  return {
    handle: connection.handle,
    owner: connection.owner,
    provider: connection.provider,
    name: connection.name ?? null,
    label: connection.label ?? null,
    status: 'reserved',
    base_url: connection.baseUrl,
    allowed_hosts: JSON.stringify(connection.allowedHosts),
    policy: JSON.stringify(connection.policy),
    kind: null,
    summary: null,
    record_version: 0,
    upload_nonce_hash: upload ? nonceHash(upload.nonce) : null,
    upload_expires_at_ms: upload?.expiresAtMs ?? null,
    last_used_at_ms: null,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
    revoked_at_ms: null,
    record: null,
    purpose: connection.purpose ?? 'credential',
    app_handle: connection.appHandle ?? null,
    token_expires_at_ms: null,
    token_refresh_at_ms: null,
    refresh_owner: null,
    refresh_until_ms: null,
    refresh_failures: 0,
    refresh_retry_at_ms: null,
    provider_revocation: null,
  }
}

/** Every column that lists need; the record stays on disk. */
const infoColumnNames = [
  'handle',
  'owner',
  'provider',
  'name',
  'label',
  'status',
  'base_url',
  'allowed_hosts',
  'policy',
  'kind',
  'summary',
  'record_version',
  'upload_expires_at_ms',
  'last_used_at_ms',
  'created_at_ms',
  'updated_at_ms',
  'revoked_at_ms',
  'purpose',
  'app_handle',
  'token_expires_at_ms',
  'token_refresh_at_ms',
  'refresh_failures',
  'refresh_retry_at_ms',
  'provider_revocation',
] as const

export type InfoRow = Pick<ConnectionRow, (typeof infoColumnNames)[number]>
export const infoColumns = infoColumnNames.join(', ')

export function toInfo(row: InfoRow): ConnectionInfo {
  return {
    handle: row.handle,
    owner: row.owner,
    provider: row.provider,
    name: row.name ?? undefined,
    label: row.label ?? undefined,
    status: row.status,
    baseUrl: row.base_url,
    allowedHosts: parseJson(row.allowed_hosts) as string[],
    policy: parseJson(row.policy) as JsonObject,
    kind: row.kind ?? undefined,
    summary: row.summary === null ? undefined : (parseJson(row.summary) as JsonObject),
    recordVersion: row.record_version,
    uploadExpiresAtMs: row.upload_expires_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    purpose: row.purpose,
    appHandle: row.app_handle ?? undefined,
    tokenExpiresAtMs: row.token_expires_at_ms ?? undefined,
    tokenRefreshAtMs: row.token_refresh_at_ms ?? undefined,
    refreshFailures: row.refresh_failures,
    refreshRetryAtMs: row.refresh_retry_at_ms ?? undefined,
    providerRevocation: row.provider_revocation ?? undefined,
  }
}

export function toConnection(row: ConnectionRow): Connection {
  return { ...toInfo(row), record: row.record ?? undefined }
}

/** What is stored of an upload's nonce. */
export function nonceHash(nonce: string): Uint8Array {
  return hash('sha256', nonce, 'buffer')
}
