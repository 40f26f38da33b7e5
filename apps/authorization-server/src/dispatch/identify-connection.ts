import type { ConnectionPolicy } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import {
  accountName,
  type Catalog,
  connectionIdentity,
  type ConnectionIdentity,
} from '@holdfast/providers'
import type { ConnectionInfo } from '@holdfast/storage'
import { findOwned } from '../connections/find-owned.ts'
import type { Actor, ConnectionParts } from '../connections/parts.ts'
import type { TokenRefresher } from '../connections/refresh.ts'
import { type CallLimits, toRefusal, type UpstreamAnswer } from './call-enclave.ts'
import { callWithToken, withFreshToken } from './call-with-token.ts'
import { loadConnection, type UsableConnection } from './load-connection.ts'
import { recordTest } from './record-test.ts'
import { DispatchRefusal } from './refusal.ts'

/**
 * What the identity request said: the credential works (`ok`), the provider does not take it
 * (`refused`, 401), it may lack the right to ask this alone (`forbidden`, 403), nobody knows (`failed`),
 * or the catalog has no such request (`unavailable`).
 */
export interface Identified {
  readonly result: 'ok' | 'refused' | 'forbidden' | 'failed' | 'unavailable'
  readonly account: string | undefined
  /** Status of the upstream's answer. */
  readonly status: number | undefined
  /** Why it failed. */
  readonly code: string | undefined
  /** The same in words. */
  readonly reason: string | undefined
  readonly connection: ConnectionInfo
}

type IdentifyParts = ConnectionParts & { readonly tokens: TokenRefresher }

/** Identity answers are small; the largest are lists of models. */
const maxAnswerBytes = 2_097_152

/**
 * Makes the one harmless request that the catalog has for the connection's provider and remembers
 * which account it named. The request comes from the catalog and never from the caller, and is made
 * whatever the policy says: for this one call the enclave binds the record to a policy of exactly
 * this method and path. What the owner sealed (host, pins) holds here too.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`
 */
export async function identifyConnection(
  parts: IdentifyParts,
  catalog: Catalog,
  actor: Actor,
  handle: string,
  limits: CallLimits,
): Promise<Identified> {
  const { connections } = parts.storage
  const connection = await findOwned(parts, actor, handle)
  const { provider, baseUrl, kind } = connection
  const identity = connectionIdentity(catalog, { provider, baseUrl, kind })
  const unexplained = { code: undefined, reason: undefined }
  const nothing = { ...unexplained, account: undefined, status: undefined, connection }
  if (!identity) return { ...nothing, result: 'unavailable' }
  try {
    const answer = await ask(parts, connection, identity, actor, limits)
    const { status, host } = answer.result
    const { result, account } = judge(identity, answer)
    await recordTest(parts, actor, handle, { status, host, identity: result })
    const known =
      result === 'ok' ? await connections.update(handle, { account: account ?? null }) : connection
    return { ...unexplained, result, account, status, connection: known }
  } catch (error) {
    if (!(error instanceof DispatchRefusal)) throw error
    await recordTest(parts, actor, handle, { code: error.code })
    return { ...nothing, result: 'failed', code: error.code, reason: error.message }
  }
}

async function ask(
  parts: IdentifyParts,
  { handle, summary }: ConnectionInfo,
  { path, headers }: ConnectionIdentity,
  actor: Actor,
  limits: CallLimits,
): Promise<UpstreamAnswer> {
  const resource = sealedResource(summary?.['pins']) ?? limits.dispatchUrl
  const policy: ConnectionPolicy = {
    methods: ['GET'],
    paths: [path.pathname],
    resources: [resource],
  }
  const reload = async (): Promise<UsableConnection> => {
    const reload = () => loadConnection(parts.storage.connections, handle, actor.sub)
    const usable = await withFreshToken({ ...parts, reload }, await reload())
    return narrowed(parts, usable, policy)
  }
  const connection = await reload()
  const call = {
    handle: connection.context.handle,
    request: { method: 'GET', path: `${path.pathname}${path.search}`, headers },
    path,
    bodyText: undefined,
  } as const
  const caller = { sub: actor.sub, clientId: actor.clientId, resource, proof: undefined }
  const maxResponseBytes = Math.min(limits.maxResponseBytes, maxAnswerBytes)
  const narrowLimits = { ...limits, maxResponseBytes }
  return callWithToken({ ...parts, reload }, { connection, call, caller }, narrowLimits)
}

/** The connection with a record that allows this policy and nothing else. It is never stored. */
async function narrowed(
  { enclave }: ConnectionParts,
  usable: UsableConnection,
  policy: ConnectionPolicy,
): Promise<UsableConnection> {
  const { context, record: stored } = usable
  const version = context.version + 1
  try {
    const narrow = await enclave.rewrap({ context, policy, version }, stored)
    return { ...usable, context: { ...context, policy, version }, record: narrow }
  } catch (error) {
    throw error instanceof EnclaveError ? toRefusal(error) : error
  }
}

/** A resource that the owner's pins allow; the owner stands for all of them. */
function sealedResource(pins: unknown): string | undefined {
  if (typeof pins !== 'object' || pins === null || !('resources' in pins)) return undefined
  const { resources } = pins
  const first: unknown = Array.isArray(resources) ? resources[0] : undefined
  return typeof first === 'string' && first !== '*' ? first : undefined
}

function judge(
  { account, isAccepted }: ConnectionIdentity,
  { result: { status }, body }: UpstreamAnswer,
): { readonly result: Identified['result']; readonly account?: string | undefined } {
  if (status === 401) return { result: 'refused' }
  if (status === 403) return { result: 'forbidden' }
  if (status < 200 || status > 299) return { result: 'failed' }
  const answer = parseJson(body)
  if (!isAccepted(answer)) return { result: 'refused' }
  return { result: 'ok', account: accountName(account, answer) }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}
