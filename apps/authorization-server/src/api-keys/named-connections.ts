import type { ApiKey } from '@holdfast/storage'
import { errors } from 'oidc-provider'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { parseStrictJson } from '../dispatch/strict-json.ts'
import { namedConnectionsSchema, ownsAll } from './create.ts'

const extSchema = z.strictObject({ connections: namedConnectionsSchema })
const maxExtLength = 8192

/** One answer for all, so that handles cannot be tried out. */
const refusal = 'ext names a connection that this key may not use'

/**
 * The connections that a token for a key names: those of `ext`, or of the key itself.
 *
 * @throws InvalidRequest
 */
export async function namedConnections(
  storage: Pick<AppContext['storage'], 'connections'>,
  key: ApiKey,
  ext: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const named = ext === undefined ? (key.connections ?? {}) : readExt(ext)
  const handles = Object.values(named)
  const allowed = key.connections && new Set(Object.values(key.connections))
  const isOutside = allowed !== undefined && handles.some((handle) => !allowed.has(handle))
  if (isOutside || !(await ownsAll(storage, key.owner, handles))) {
    throw new errors.InvalidRequest(refusal)
  }
  return named
}

function readExt(ext: string): Readonly<Record<string, string>> {
  try {
    if (ext.length <= maxExtLength) {
      return extSchema.parse(parseStrictJson(Buffer.from(ext)).value).connections
    }
  } catch {
    // The reason could repeat what was sent.
  }
  throw new errors.InvalidRequest(
    'ext must be JSON like {"connections":{"github":"ddls:conn:…"}} and nothing more, of at most 8192 characters',
  )
}
