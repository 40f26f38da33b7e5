import {
  parseRequestPath,
  ProtocolError,
  type RequestPath,
  type UpstreamOrigin,
} from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'

/**
 * Checks a caller's path: put below the credential's base URL and parsed again, it must still name the
 * same origin and prefix. Policy decides on its `pathname`.
 *
 * @throws EnclaveError `INVALID_REQUEST`
 */
export function upstreamPath(base: UpstreamOrigin, path: string): RequestPath {
  try {
    const { pathname, search } = parseRequestPath(path)
    const target = `${base.basePath}${pathname}${search}`
    const url = new URL(`https://${base.authority}${target}`)
    if (url.origin !== originOf(base) || !url.pathname.startsWith(`${base.basePath}/`)) {
      throw new ProtocolError('INVALID_PATH', 'the request path leaves the base URL')
    }
    return { pathname, search }
  } catch (error) {
    if (error instanceof ProtocolError) throw new EnclaveError('INVALID_REQUEST', error.message)
    throw error
  }
}

const origins = new WeakMap<UpstreamOrigin, string>()

function originOf(base: UpstreamOrigin): string {
  let origin = origins.get(base)
  if (origin === undefined)
    origins.set(base, (origin = new URL(`https://${base.authority}`).origin))
  return origin
}
