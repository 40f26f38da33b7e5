import { type ConnectionHandle, fromBase64url, isConnectionHandle } from '@holdfast/protocol'

/** Connections by the names under which a user granted them. */
export type GrantedConnections = Readonly<Record<string, ConnectionHandle>>

/**
 * What a token names that the authorization server has just handed us; undefined for one that we cannot
 * read. Nothing rests on it: the authorization server checks each handle again.
 */
export function connectionsIn(accessToken: string): GrantedConnections | undefined {
  try {
    const [, payload = ''] = accessToken.split('.')
    const claims = JSON.parse(new TextDecoder().decode(fromBase64url(payload)))
    const named: unknown = claims['ddls:connections']
    if (typeof named !== 'object' || named === null) return undefined
    const known = Object.entries(named).filter(([, handle]) => isConnectionHandle(handle))
    // Without a prototype any name can be looked up.
    return Object.assign(Object.create(null) as object, Object.fromEntries(known))
  } catch {
    return undefined
  }
}
