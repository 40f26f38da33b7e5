import { parseRequestPath, ProtocolError, type UpstreamOrigin } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'

/** A path to ask for, checked to lie below the base URL. */
export interface UpstreamPath {
  /** What policy decides on: below the base path, without query. */
  readonly pathname: string
  /** What is sent: with base path and query. */
  readonly target: string
}

/**
 * Puts a caller's path below the credential's base URL, parses the result again and makes sure that
 * it still names the same origin and prefix.
 *
 * @throws EnclaveError `INVALID_REQUEST`
 */
export function upstreamPath(base: UpstreamOrigin, path: string): UpstreamPath {
  try {
    const { pathname, search } = parseRequestPath(path)
    const target = `${base.basePath}${pathname}${search}`
    const origin = `https://${base.authority}`
    const url = new URL(`${origin}${target}`)
    if (url.origin !== new URL(origin).origin || !url.pathname.startsWith(`${base.basePath}/`)) {
      throw new ProtocolError('INVALID_PATH', 'the request path leaves the base URL')
    }
    return { pathname, target }
  } catch (error) {
    if (error instanceof ProtocolError) throw new EnclaveError('INVALID_REQUEST', error.message)
    throw error
  }
}
