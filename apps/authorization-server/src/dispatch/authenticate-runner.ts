import type { IncomingHttpHeaders } from 'node:http'
import { type AccessTokenVerifier, parseAuthorization, TokenError } from '@holdfast/protocol/token'
import type { Storage } from '@holdfast/storage'
import { type Caller, callerOf } from './caller.ts'
import { CallerRefusal, DispatchRefusal } from './refusal.ts'
import {
  isFreshTimestamp,
  isRunnerSignature,
  type RunnerHeaders,
  runnerWindowSeconds,
} from './runner-signature.ts'
import type { SeenOnce } from './seen-once.ts'

export interface RunnerCallerOptions {
  readonly storage: Pick<Storage, 'resources' | 'clients'>
  readonly tokens: AccessTokenVerifier
  readonly signatures: SeenOnce
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** The runner's headers; `undefined` when the request carries none of them. */
export function runnerHeaders(headers: IncomingHttpHeaders): RunnerHeaders | undefined {
  const one = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
  const runner = {
    timestamp: one('x-dedalus-timestamp'),
    deployment: one('x-dedalus-deployment'),
    signature: one('x-dedalus-signature'),
  }
  return runner.timestamp || runner.deployment || runner.signature ? runner : undefined
}

/**
 * The caller of a Dedalus runner: the runner proves itself by HMAC over the body, the user's right is
 * a token for the runner's resource, sent as Bearer also when it is bound to the user's key.
 *
 * @throws CallerRefusal 403 for a wrong or old signature
 * @throws DispatchRefusal `DOWNSTREAM_RATE_LIMITED` for a repeated one
 * @throws TokenError for the token
 */
export async function authenticateRunner(
  runner: RunnerHeaders,
  body: Uint8Array,
  authorization: readonly string[],
  { storage, tokens, signatures, clock }: RunnerCallerOptions,
): Promise<Caller> {
  const deployment = /^[\x21-\x7e]{1,128}$/.test(runner.deployment)
    ? await storage.resources.findDeployment(runner.deployment)
    : undefined
  if (!deployment || !isRunnerSignature(deployment.secret, runner, body)) {
    throw new CallerRefusal(403, 'the runner signature does not verify')
  }
  if (!isFreshTimestamp(runner.timestamp, clock())) {
    throw new CallerRefusal(403, 'the runner signature is too old; check the clock of the runner')
  }
  const { scheme, token } = parseAuthorization(authorization)
  if (scheme !== 'bearer') {
    throw new TokenError('invalid_token', 'a signed runner sends the token of its user as Bearer')
  }
  const { resource, clientId } = deployment.resource
  if (clientId !== undefined && (await storage.clients.find(clientId))?.revokedAtMs !== undefined) {
    throw new CallerRefusal(403, 'the client of this deployment is revoked')
  }
  const verified = await tokens.verify(token, resource)
  // With the user, because two of them may send the same body in the same second; not with the token's
  // text, which whoever copied the request might spell in another way.
  const name = `${runner.deployment}.${runner.signature}.${verified.subject}`
  const untilMs = (Number(runner.timestamp) + runnerWindowSeconds + 1) * 1000
  if (!(await signatures.firstUse(name, untilMs))) {
    // The protocol cannot tell an honest repetition from a replay. Nothing is executed either way; this
    // answer lets an honest runner try again in the next second, with a new signature.
    throw new DispatchRefusal(
      'DOWNSTREAM_RATE_LIMITED',
      'the runner signature was used before: the same request was signed twice in one second; send it again',
    )
  }
  return callerOf(verified, {
    via: 'runner',
    clientId: clientId ?? verified.clientId,
    resource,
    proof: undefined,
  })
}
