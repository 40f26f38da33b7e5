import type { HttpResponse } from '@holdfast/protocol/dispatch'
import type { GrantedConnections } from '@holdfast/protocol/token'
import type { ConnectLinks } from './connect-links.ts'
import { resolveConnection } from './connection-name.ts'
import type { DispatchCall, Gateway } from './dispatch.ts'
import { DispatchError } from './dispatch-error.ts'
import type { AskedFor, SubjectToken } from './token-exchange.ts'

const missing: ReadonlySet<string> = new Set(['NO_CONNECTIONS', 'CONNECTION_NOT_FOUND'])

const isMissing = (error: unknown): error is DispatchError =>
  error instanceof DispatchError && missing.has(error.code)

const isRevoked = (error: unknown): error is DispatchError =>
  error instanceof DispatchError && error.code === 'CONNECTION_REVOKED'

/**
 * Sends a call by the name of a connection. One that the user has made since the token was issued, or has
 * put in a revoked one's place, is found by asking the authorization server what the grant holds now.
 *
 * @throws DispatchError with the page on which the user makes the connection, where there is one
 */
export async function dispatchByName(
  gateway: Gateway,
  subject: SubjectToken,
  named: GrantedConnections,
  name: string | undefined,
  call: DispatchCall,
): Promise<HttpResponse> {
  const held = gateway.held(subject) ?? named
  const wanted = name ?? onlyName(named)
  const asked = async (
    error: DispatchError,
    lacking: string | undefined,
  ): Promise<GrantedConnections> => {
    const { connections, ...links } = await gateway.ask(subject, lacking)
    return connections ?? refuse(error, links)
  }
  try {
    return await gateway.dispatch(subject, resolveConnection(held, wanted), call)
  } catch (error) {
    if (isMissing(error)) {
      const now = await asked(error, wanted)
      return gateway.dispatch(subject, resolveConnection(now, wanted), call)
    }
    if (!isRevoked(error)) throw error
    const dead = resolveConnection(held, wanted)
    const lacking = Object.keys(held).find((one) => held[one] === dead)
    const now = await asked(error, lacking)
    const alive = lacking === undefined ? undefined : now[lacking]
    // It was refused before it was sent anywhere.
    if (alive === undefined || alive === dead) throw error
    return gateway.dispatch(subject, alive, call)
  }
}

// A call that needs no name today needs none after the user has granted another connection.
function onlyName(named: GrantedConnections): string | undefined {
  const [name, ...others] = Object.keys(named)
  return others.length === 0 ? name : undefined
}

function refuse(
  { code, message, connectUrl, pollUrl }: DispatchError,
  links: ConnectLinks & Pick<AskedFor, 'reason'>,
): never {
  const isAsked = links.connectUrl !== undefined
  const words = isAsked || links.reason === undefined ? message : `${message}: ${links.reason}`
  throw new DispatchError(code, words, isAsked ? links : { connectUrl, pollUrl })
}
