import {
  type DispatchMethod,
  type DispatchResponse,
  parseRequestPath,
  ProtocolError,
  type RecordContext,
} from '@holdfast/protocol'
import { findOwned } from '../connections/find-owned.ts'
import type { Actor, ConnectionParts } from '../connections/parts.ts'
import { failure, success } from './answer.ts'
import { requirePolicy } from './authorize-connection.ts'
import type { CallLimits } from './call-enclave.ts'
import { callWithToken } from './call-with-token.ts'
import { loadConnection } from './load-connection.ts'
import type { ParsedDispatch } from './parse-request.ts'
import { recordTest } from './record-test.ts'
import { DispatchRefusal } from './refusal.ts'

/** A harmless request that shows whether a credential works. */
export interface ConnectionTest {
  /** Default: the first path of the policy that holds no `*`, else `/`. */
  readonly path?: string | undefined
  /** Default `GET`. */
  readonly method?: DispatchMethod | undefined
}

/**
 * Lets the owner try a connection. The policy holds here too; the call is made in the name of the
 * first resource that the policy names, because the owner stands for all of them.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`
 */
export async function testConnection(
  parts: ConnectionParts,
  actor: Actor,
  handle: string,
  test: ConnectionTest,
  limits: CallLimits,
): Promise<DispatchResponse> {
  const { storage } = parts
  await findOwned(parts, actor, handle)
  const reload = () => loadConnection(storage.connections, handle, actor.sub)
  try {
    const connection = await reload()
    const { policy } = connection.context
    const call = toDispatch(connection.context, test)
    const [named = '*'] = policy.resources
    const resource = named === '*' ? limits.dispatchUrl : named
    requirePolicy(connection, call, resource)
    const caller = { sub: actor.sub, clientId: actor.clientId, resource, proof: undefined }
    const answer = await callWithToken({ ...parts, reload }, { connection, call, caller }, limits)
    await recordTest(parts, actor, handle, {
      status: answer.result.status,
      host: answer.result.host,
    })
    return JSON.parse(success(answer).text) as DispatchResponse
  } catch (error) {
    if (!(error instanceof DispatchRefusal)) throw error
    await recordTest(parts, actor, handle, { code: error.code })
    return JSON.parse(failure(error).text) as DispatchResponse
  }
}

function toDispatch({ handle, policy }: RecordContext, test: ConnectionTest): ParsedDispatch {
  const path = test.path ?? policy.paths.find((pattern) => !pattern.includes('*')) ?? '/'
  try {
    return {
      handle,
      request: { method: test.method ?? 'GET', path },
      path: parseRequestPath(path),
      bodyText: undefined,
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw new DispatchRefusal('BAD_REQUEST', error.message)
    throw error
  }
}
