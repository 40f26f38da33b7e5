import type { IncomingMessage } from 'node:http'
import type { AuditEntry } from '@holdfast/protocol/audit'
import type Koa from 'koa'
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createRepeats } from '../audit/repeats.ts'
import type { AppContext, RequestState } from '../context.ts'
import { addressGroup } from '../http/address-group.ts'
import { HttpProblem } from '../http/problem.ts'
import { registrationPath } from '../registration/dynamic/answer.ts'
import { apiKeyClientId, cliClientId } from './built-in-clients.ts'
import { basicClientId } from './client-authentication.ts'
import { expectedErrors, safeErrorCode, safeReason } from './error-reasons.ts'
import { routes } from './routes.ts'
import { grantTypeOf } from './token-audit.ts'

/** Audit types of what the library tells, by its events. Tokens and revoked grants are recorded where they are stored. */
const successes = {
  'authorization.accepted': 'authorization.accepted',
  'authorization.success': 'authorization.succeeded',
  'pushed_authorization_request.success': 'authorization.pushed',
  'device_authorization.success': 'device_authorization.started',
} as const

const refusals = {
  'authorization.error': 'authorization.refused',
  'grant.error': 'token.refused',
  'pushed_authorization_request.error': 'authorization.push_refused',
  'device_authorization.error': 'device_authorization.refused',
  'code_verification.error': 'device_authorization.refused',
  'device_resume.error': 'device_authorization.refused',
  'revocation.error': 'revocation.refused',
} as const

/** Audit types of what the endpoints beside the library refuse. */
const ownRefusals: ReadonlyMap<string, string> = new Map([
  [routes.introspection, 'introspection.refused'],
  [routes.revocation, 'revocation.refused'],
  [routes.token, 'token.refused'],
  [routes.pushed_authorization_request, 'authorization.push_refused'],
  [routes.device_authorization, 'device_authorization.refused'],
])

const typeOfPath = (path: string): string | undefined =>
  path.startsWith(registrationPath) ? 'client.registration_refused' : ownRefusals.get(path)

interface LibraryEvent {
  readonly type: string
  readonly outcome: AuditEntry['outcome']
  readonly detail?: Readonly<Record<string, string>>
}

/** What happened in a request under way, until its answer is about to leave. */
const happened = new WeakMap<IncomingMessage, LibraryEvent[]>()

const note = (koa: Pick<Koa.Context, 'req'>, event: LibraryEvent): void => {
  happened.get(koa.req)?.push(event)
}

/** Notes the events of an instance of the library with the requests that they belong to. */
export function collectLibraryEvents(provider: Provider): void {
  const on = provider.on.bind(provider) as (
    name: string,
    listener: (koa: KoaContextWithOIDC, error: errors.OIDCProviderError) => void,
  ) => unknown
  for (const [name, type] of Object.entries(successes)) {
    on(name, (koa) => note(koa, { type, outcome: 'success' }))
  }
  for (const [name, type] of Object.entries(refusals)) {
    on(name, (koa, error) => note(koa, refusalOf(type, error)))
  }
  on('server_error', (koa, error) => note(koa, failureOf(error)))
}

function refusalOf(type: string, error: errors.OIDCProviderError): LibraryEvent {
  const code = safeErrorCode(error.error)
  const reason = safeReason(error)
  return {
    type: code === 'invalid_client' ? 'client.authentication_failed' : type,
    outcome: 'denied',
    detail: { error: code, ...(reason !== undefined && { reason }) },
  }
}

/** A message of ours or of a dependency could hold anything: only the kind of error is kept. */
const failureOf = (error: unknown): LibraryEvent => ({
  type: 'server.error',
  outcome: 'failed',
  detail: { error: error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : 'Error' },
})

/** Anyone can present what is no API key or code; who presents a key of ours is recorded with it, once. */
function isNobodys(koa: Koa.ParameterizedContext<RequestState>, { type }: LibraryEvent): boolean {
  if (type !== 'token.refused') return false
  if (koa.state.isRefusalRecorded === true) return true
  const { oidc } = koa as unknown as Partial<KoaContextWithOIDC>
  if (oidc?.entities.Account !== undefined) return false
  const { clientId } = oidc?.client ?? {}
  const isProbe = clientId === cliClientId && oidc?.params?.['code'] === probeCode
  return isProbe || clientId === apiKeyClientId
}

/** What `holdfast doctor` presents as a code, to see whether proofs are taken. */
const probeCode = 'doctor'

/**
 * Writes down what the library and the endpoints beside it did, before the answer leaves. Failures,
 * and what strangers can cause, are recorded once a minute for each client and address.
 */
export function auditLibraryEvents({
  storage: { audit, clients },
  clock,
}: Pick<AppContext, 'storage' | 'clock'>): Koa.Middleware<RequestState> {
  const repeats = createRepeats(clock)

  async function write(koa: Koa.ParameterizedContext<RequestState>): Promise<void> {
    const events = happened.get(koa.req) ?? []
    for (const event of events) {
      if (expectedErrors.has(event.detail?.['error']) || isNobodys(koa, event)) continue
      const entry = await entryOf(koa, event)
      const isOnce = event.type.startsWith('authorization.') && event.outcome === 'success'
      const isPersonal = isOnce && event.type !== 'authorization.pushed'
      const kind = [
        event.type,
        entry.client ?? '',
        addressGroup(koa.state.remoteAddress),
        entry.detail?.['error'] ?? '',
      ].join(' ')
      for (const one of isPersonal ? [entry] : repeats.take(kind, entry)) await audit.append(one)
    }
  }

  async function entryOf(
    koa: Koa.ParameterizedContext<RequestState>,
    { type, outcome, detail }: LibraryEvent,
  ): Promise<AuditEntry> {
    const { oidc } = koa as unknown as Partial<KoaContextWithOIDC>
    // A name that nobody is registered under is the sender's own text.
    const named = oidc?.client?.clientId ?? basicClientId(koa.req)
    const client = oidc?.client
      ? named
      : named !== undefined && (await clients.find(named))
        ? named
        : undefined
    const resource = outcome === 'success' ? oidc?.params?.['resource'] : undefined
    const account = oidc?.entities?.Account?.accountId
    return {
      type,
      outcome,
      actor: account ?? client,
      subject: account,
      client,
      ...(typeof resource === 'string' && { resource }),
      grant: oidc?.entities?.Grant?.jti,
      request_id: koa.state.requestId,
      detail: {
        ...detail,
        ...(type === 'token.refused' && {
          grant_type: grantTypeOf(oidc?.params),
          proof: koa.get('DPoP') !== '',
        }),
        address: koa.state.remoteAddress,
      },
    }
  }

  return async (koa, next) => {
    happened.set(koa.req, [])
    try {
      await next()
    } catch (error) {
      const type = typeOfPath(koa.path)
      if (!(error instanceof HttpProblem)) note(koa, failureOf(error))
      else if (type !== undefined && error.status < 500 && error.status !== 429) {
        note(koa, refusalOf(type, error as unknown as errors.OIDCProviderError))
      }
      await write(koa)
      throw error
    }
    await write(koa)
  }
}
