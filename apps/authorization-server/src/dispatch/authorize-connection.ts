import { allowsCall, allowsLocation, policyRefusal } from '@holdfast/protocol'
import type { Caller } from './caller.ts'
import type { UsableConnection } from './load-connection.ts'
import type { ParsedDispatch } from './parse-request.ts'
import { DispatchRefusal } from './refusal.ts'

/**
 * Refuses a handle that the user's token does not name. Says the same whether or not the connection
 * exists, so that handles cannot be tried out.
 *
 * @throws DispatchRefusal `CONNECTION_NOT_FOUND`
 */
export function requireNamed(caller: Pick<Caller, 'handles'>, handle: string): void {
  if (!caller.handles.includes(handle)) refuseUnnamed()
}

/**
 * Refuses what the token's authorization details do not allow. A token without any is limited by its
 * connections alone.
 *
 * @throws DispatchRefusal `CONNECTION_NOT_FOUND`, or `BAD_REQUEST` for a method or path
 * @see {@link https://www.rfc-editor.org/rfc/rfc9396#section-2.2}
 */
export function requireDetails(
  { details, resource }: Pick<Caller, 'details' | 'resource'>,
  { handle, request: { method }, path: { pathname } }: ParsedDispatch,
): void {
  if (details === undefined) return
  const meant = details.filter(
    (detail) => detail.identifier === handle && allowsLocation(detail, resource),
  )
  if (meant.length === 0) refuseUnnamed()
  if (meant.some((detail) => allowsCall(detail, { method, pathname }))) return
  throw new DispatchRefusal(
    'BAD_REQUEST',
    'the authorization details of the access token do not allow this method and path; ask the user to grant it',
  )
}

function refuseUnnamed(): never {
  throw new DispatchRefusal(
    'CONNECTION_NOT_FOUND',
    'the access token names no such connection; ask the user to grant it',
  )
}

const refusals = {
  method: 'the policy of the connection does not allow this method; its owner can allow it',
  path: 'the policy of the connection does not allow this path; its owner can allow it',
  resource: 'the policy of the connection does not allow this resource; its owner can allow it',
} as const

/**
 * Refuses what the connection's policy does not allow; an empty policy allows nothing.
 *
 * @throws DispatchRefusal `BAD_REQUEST`
 */
export function requirePolicy(
  { context }: Pick<UsableConnection, 'context'>,
  { request, path }: Pick<ParsedDispatch, 'request' | 'path'>,
  resource: string,
): void {
  const refusal = policyRefusal(context.policy, {
    method: request.method,
    pathname: path.pathname,
    resource,
  })
  if (refusal) throw new DispatchRefusal('BAD_REQUEST', refusals[refusal])
}
