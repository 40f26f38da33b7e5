import type { ConnectionHandle, DispatchMethod } from '@holdfast/protocol'
import {
  type DispatchBody,
  dispatchRequestSchema,
  dispatchResponseSchema,
  type HttpResponse,
} from '@holdfast/protocol/dispatch'
import { createDpopProof } from '@holdfast/protocol/token'
import { connectLinksOf } from './connect-links.ts'
import { createConnectWait, type ConnectWait } from './connect-wait.ts'
import { DispatchError } from './dispatch-error.ts'
import { type JsonAnswer, requestJson } from './http-client.ts'
import type { ConnectedSettings } from './settings.ts'
import {
  createTokenExchange,
  type DispatchToken,
  type SubjectToken,
  type TokenExchange,
} from './token-exchange.ts'

/** A request that the vault makes for a tool, with the user's credential. */
export interface DispatchCall {
  readonly method: DispatchMethod
  /** Path and query below the connection's base URL, already percent-encoded. */
  readonly path: string
  readonly body?: DispatchBody
  /** Must not hold `authorization`, `dpop` or `host`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Time allowed for the upstream, 1000 to 300000. Default 30000. */
  readonly timeoutMs?: number
  /** Gives up waiting. */
  readonly signal?: AbortSignal
}

/** Sends calls by handle for one user after the other. */
export interface Gateway {
  /** @throws DispatchError when the upstream did not answer */
  readonly dispatch: (
    subject: SubjectToken,
    handle: ConnectionHandle,
    call: DispatchCall,
  ) => Promise<HttpResponse>
  readonly ask: TokenExchange['ask']
  readonly held: TokenExchange['held']
  readonly waitFor: ConnectWait
}

const reservedHeaders = ['authorization', 'dpop', 'host']
const defaultTimeoutMs = 30_000
// The vault answers on time with its own error; ours is for a vault that does not answer.
const timeoutMarginMs = 5_000
const maxAnswerBytes = 32 * 1024 * 1024

function writeBody(handle: ConnectionHandle, call: DispatchCall): string {
  for (const name of Object.keys(call.headers ?? {})) {
    if (reservedHeaders.includes(name.toLowerCase())) {
      throw new DispatchError('INVALID_REQUEST', `a tool must not send the header ${name}`)
    }
  }
  const message = {
    connection_handle: handle,
    request: {
      method: call.method,
      path: call.path,
      body: call.body ?? null,
      headers: call.headers ?? null,
      timeout_ms: call.timeoutMs ?? null,
    },
  }
  const checked = dispatchRequestSchema.safeParse(message)
  if (checked.success) return JSON.stringify(message)
  const [issue] = checked.error.issues
  const where = issue?.path.slice(1).join('.') ?? ''
  throw new DispatchError('INVALID_REQUEST', `${where}: ${issue?.message ?? 'not valid'}`)
}

function readAnswer(answer: JsonAnswer, issuer: string): HttpResponse {
  const { status, body } = answer
  if (status === 401 || status === 403) {
    throw new DispatchError('NOT_AUTHORIZED', 'the authorization server refused the dispatch', {
      ...connectLinksOf(body, issuer),
    })
  }
  if (status === 429 || status >= 500) {
    throw new DispatchError('GATEWAY_UNREACHABLE', `the dispatch gateway answered ${status}`)
  }
  const parsed = dispatchResponseSchema.safeParse(body)
  if (status !== 200 || !parsed.success) {
    throw new DispatchError('BAD_REQUEST', `the dispatch gateway answered ${status} unexpectedly`)
  }
  if (parsed.data.success) return parsed.data.response
  const { error } = parsed.data
  throw new DispatchError(error.code, error.message, {
    retryable: error.retryable,
    ...connectLinksOf(error, issuer),
  })
}

/**
 * The way to the vault: the user's token is exchanged for one that names this server as the actor and
 * is bound to its key, so that neither token is of use to whoever steals it.
 */
export function createGateway(settings: ConnectedSettings): Gateway {
  const { issuer } = settings
  const { exchange, forget, ask, held } = createTokenExchange(settings)
  const url = `${issuer}/dispatch`

  const post = async (
    { accessToken, key }: DispatchToken,
    body: string,
    call: DispatchCall,
  ): Promise<JsonAnswer> => {
    const { sha256, now } = settings
    const proof = await createDpopProof({
      key,
      method: 'POST',
      url,
      accessToken,
      now,
      ...(sha256 === undefined ? {} : { sha256 }),
    })
    try {
      return await requestJson(settings.fetch, url, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          authorization: `DPoP ${accessToken}`,
          'content-type': 'application/json',
          dpop: proof,
        },
        body,
        timeoutMs: (call.timeoutMs ?? defaultTimeoutMs) + timeoutMarginMs,
        maxBytes: maxAnswerBytes,
        signal: call.signal ?? null,
      })
    } catch (cause) {
      call.signal?.throwIfAborted()
      throw new DispatchError('GATEWAY_UNREACHABLE', 'the dispatch gateway gave no answer', {
        cause,
      })
    }
  }

  const dispatch: Gateway['dispatch'] = async (subject, handle, call) => {
    call.signal?.throwIfAborted()
    const body = writeBody(handle, call)
    const first = await post(await exchange(subject), body, call)
    if (first.status !== 401) return readAnswer(first, issuer)
    // A refused token was not acted on, and may only be older than a restart or a key rotation.
    forget(subject)
    return readAnswer(await post(await exchange(subject), body, call), issuer)
  }
  return { dispatch, ask, held, waitFor: createConnectWait(settings) }
}
