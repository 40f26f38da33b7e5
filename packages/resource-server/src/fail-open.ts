import { TokenError } from '@holdfast/protocol/token'
import { member } from './member.ts'
import type { Decision, ResourceRequest } from './resource-request.ts'

/** What tells a client which things a server offers, and none of their contents. */
const listings: ReadonlySet<unknown> = new Set([
  'initialize',
  'notifications/initialized',
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
])

/** Whether a body, one message or a batch, asks for nothing but listings. */
export function isListing(body: unknown): boolean {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  return messages.length > 0 && messages.every((message) => listings.has(member(message, 'method')))
}

/**
 * Whether a request was refused only because nobody could tell if its token is good. A wrong token, or
 * one that comes without the proof it announces, is as wrong while the issuer is away.
 */
export function isUncheckable(request: ResourceRequest, decision: Decision): boolean {
  if (decision.answer === undefined || !(decision.error instanceof TokenError)) return false
  const [authorization = ''] = request.header('authorization')
  const lacksProof = /^dpop /i.test(authorization) && request.header('dpop').length === 0
  return decision.error.code === 'temporarily_unavailable' && !lacksProof
}
