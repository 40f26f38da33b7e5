import { EnclaveError } from '@holdfast/protocol/channel'
import type { TokenRefresher } from '../connections/refresh.ts'
import {
  callEnclave,
  type CallLimits,
  type DecidedCall,
  toRefusal,
  type UpstreamAnswer,
} from './call-enclave.ts'
import type { EnclaveClient } from '../enclave-client/client.ts'
import type { UsableConnection } from './load-connection.ts'

/** What a call through a connection with tokens needs. */
export interface TokenCallParts {
  readonly enclave: Pick<EnclaveClient, 'dispatch'>
  readonly tokens: Pick<TokenRefresher, 'ensureFresh' | 'renewRefused'>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** The connection anew, decided on like the first time. */
  readonly reload: () => Promise<UsableConnection>
}

/**
 * Makes a call, with a token that was renewed first when it is due. When the upstream does not take the
 * token all the same, it is renewed once and a call without effects is made again.
 *
 * @throws DispatchRefusal `DOWNSTREAM_AUTH_FAILURE` when the provider gives no token, and what
 *   {@link callEnclave} throws
 */
export async function callWithToken(
  parts: TokenCallParts,
  decided: DecidedCall,
  limits: CallLimits,
): Promise<UpstreamAnswer> {
  const connection = await withFreshToken(parts, decided.connection)
  const answer = await callEnclave(parts.enclave, { ...decided, connection }, limits)
  if (connection.token === undefined) return answer
  const isRepeatable = decided.call.request.method === 'GET'
  if (answer.result.status !== 401 || !isRepeatable) return answer
  try {
    if (!(await parts.tokens.renewRefused(connection.token.seen))) return answer
  } catch (error) {
    // The upstream's own answer says more than a provider that cannot be reached.
    if (error instanceof EnclaveError && error.code !== 'NEEDS_RECONNECT') return answer
    refuse(error)
  }
  return callEnclave(parts.enclave, { ...decided, connection: await parts.reload() }, limits)
}

/** The connection with a token that need not be renewed before use. @throws DispatchRefusal */
export async function withFreshToken(
  { tokens, clock, reload }: Omit<TokenCallParts, 'enclave'>,
  connection: UsableConnection,
): Promise<UsableConnection> {
  const { token } = connection
  if (token?.refreshAtMs === undefined || clock() < token.refreshAtMs) return connection
  await tokens.ensureFresh(token.seen).catch(refuse)
  return reload()
}

function refuse(error: unknown): never {
  throw error instanceof EnclaveError ? toRefusal(error) : error
}
