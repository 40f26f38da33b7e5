import type { Backend } from '../backend.ts'
import { StorageError } from '../errors.ts'
import { deleteGrantRecords } from '../grant-revocation.ts'
import { parseJson } from '../rows.ts'
import { grantRecords } from './grant-records.ts'
import { grantKeyOf, lookupKeyOf, recordKeyOf } from './keys.ts'
import type { OidcAdapter, OidcPayload } from './types.ts'

export interface RecordAdapterOptions {
  readonly model: string
  /** How long a consumed record is still found as if it were not; 0 for everything but refresh tokens. */
  readonly graceMs: number
  readonly onConsumeConflict: () => Error
}

interface RecordRow {
  readonly key: Buffer
  readonly consumed_at_ms: number | null
  readonly expires_at_ms: number | null
  readonly payload: Buffer
}

/** Models that `revokeByGrantId` deletes; an Interaction also has a grantId but is not issued under it. */
const grantable = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
  'PreAuthorizedCode',
])

/** Short-lived rows that may be lost in a power cut: the sign-in page is opened again. */
const relaxed = new Set(['Interaction'])

const columns = 'key, consumed_at_ms, expires_at_ms, payload'
const live = '(expires_at_ms is null or expires_at_ms > ?)'

/**
 * Stores the records of one model of the library: keys hashed, payloads encrypted and bound to their key, and
 * every single-use record consumed by exactly one caller.
 */
export function createRecordAdapter(
  { db, commit, cipher, now }: Backend,
  { model, graceMs, onConsumeConflict }: RecordAdapterOptions,
): OidcAdapter {
  const write = <T>(work: () => T): Promise<T> =>
    relaxed.has(model) ? commit.relaxed(work) : commit.statement(work)
  // Rotation saves the next refresh token before anything is answered, and that commit carries this one to disk.
  const writeConsumed = <T>(work: () => T): Promise<T> =>
    model === 'RefreshToken' ? commit.relaxed(work) : write(work)

  const byKey = db.prepare<RecordRow>(
    `select ${columns} from oidc_records where key = ? and ${live}`,
  )
  const byLookup = db.prepare<RecordRow>(
    `select ${columns} from oidc_records where lookup_key = ? and ${live}`,
  )
  // An update keeps consumed_at_ms: saving a record again never makes it usable again.
  const put = db.prepare(
    `insert into oidc_records (key, grant_key, lookup_key, expires_at_ms, payload)
     values (?, ?, ?, ?, ?)
     on conflict (key) do update set grant_key = excluded.grant_key,
       lookup_key = excluded.lookup_key, expires_at_ms = excluded.expires_at_ms,
       payload = excluded.payload`,
  )
  const consume = db.prepare(
    'update oidc_records set consumed_at_ms = ? where key = ? and consumed_at_ms is null',
  )
  const inGrace = db.prepare<{ found: 1 }>(
    'select 1 as found from oidc_records where key = ? and consumed_at_ms > ?',
  )
  const remove = db.prepare('delete from oidc_records where key = ?')

  const keyOf = (id: string): Uint8Array => recordKeyOf(cipher, model, id)
  const contextOf = (key: Uint8Array): string =>
    `oidc\0${model}\0${Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex')}`

  const known = model === 'Grant' ? grantRecords(db) : undefined
  const decrypt = (row: RecordRow): string =>
    Buffer.from(cipher.open(contextOf(row.key), row.payload)).toString()
  const open = (row: RecordRow | undefined): OidcPayload | undefined => {
    if (row === undefined) return undefined
    const payload = parseJson(decrypt(row)) as OidcPayload
    const consumedAtMs = row.consumed_at_ms
    if (consumedAtMs !== null && consumedAtMs + graceMs <= now()) {
      payload['consumed'] = Math.floor(consumedAtMs / 1000)
    }
    return payload
  }

  return {
    async upsert(id, payload, expiresIn) {
      const key = keyOf(id)
      const { grantId, uid, userCode } = payload
      const parameters = [
        key,
        typeof grantId === 'string' && grantable.has(model) ? grantKeyOf(cipher, grantId) : null,
        lookupKey(cipher, model, uid, userCode),
        expiresIn === undefined ? null : now() + expiresIn * 1000,
        cipher.seal(contextOf(key), JSON.stringify(payload)),
      ]
      await write(() => {
        known?.forget(id)
        put.run(...parameters)
      })
    },
    async find(id) {
      if (known === undefined) return open(byKey.get(keyOf(id), now()))
      const record = known.get(id, () => {
        const row = byKey.get(keyOf(id), now())
        return row && { text: decrypt(row), expiresAtMs: row.expires_at_ms }
      })
      if (record === undefined || (record.expiresAtMs ?? Infinity) <= now()) return undefined
      // Parsed anew each time: the library may keep or change what it is given.
      return parseJson(record.text) as OidcPayload
    },
    async findByUid(uid) {
      return open(byLookup.get(lookupKeyOf(cipher, 'uid', uid), now()))
    },
    async findByUserCode(userCode) {
      return open(byLookup.get(lookupKeyOf(cipher, 'userCode', userCode), now()))
    },
    async consume(id) {
      const key = keyOf(id)
      await writeConsumed(() => {
        const nowMs = now()
        if (consume.run(nowMs, key) === 1) return
        // Clients that refresh from several processes at once must not log their user out.
        if (graceMs > 0 && inGrace.get(key, nowMs - graceMs) !== undefined) return
        throw onConsumeConflict()
      })
    },
    async destroy(id) {
      const key = keyOf(id)
      await write(() => {
        known?.forget(id)
        remove.run(key)
      })
    },
    async revokeByGrantId(grantId) {
      await commit.statement(() => {
        deleteGrantRecords(db, cipher, grantId)
      })
    },
  }
}

function lookupKey(
  cipher: Backend['cipher'],
  model: string,
  uid: unknown,
  userCode: unknown,
): Uint8Array | null {
  if (model === 'Session' && typeof uid === 'string') return lookupKeyOf(cipher, 'uid', uid)
  if (typeof userCode === 'string') return lookupKeyOf(cipher, 'userCode', userCode)
  return null
}

/** The default of {@link RecordAdapterOptions.onConsumeConflict}. */
export function alreadyConsumed(): StorageError {
  return new StorageError('ALREADY_CONSUMED', 'the code or token was used already')
}
