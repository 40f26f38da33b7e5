import type { AuthenticatedRequest } from './authenticated-request.ts'
import type { DispatchError } from './dispatch-error.ts'
import { member } from './member.ts'

/** The parts of both SDKs' contexts that tell what the client can do and has answered. */
export interface ElicitingContext {
  /** SDK v1. */
  readonly signal?: AbortSignal
  /** SDK v2. */
  readonly mcpReq?: {
    /** Present from protocol revision 2026-07-28 on. */
    readonly envelope?: Readonly<Record<string, unknown>>
    readonly inputResponses?: Readonly<Record<string, unknown>>
    readonly signal?: AbortSignal
  }
}

/** What a session of an older protocol revision offers: `server.server` of both SDKs. */
export interface ClientRequests {
  readonly getClientCapabilities?: () => unknown
  readonly elicitInput?: (params: never) => Promise<unknown>
}

const inputName = 'holdfast_connect'
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities'

const canOpenUrls = (capabilities: unknown): boolean =>
  member(member(capabilities, 'elicitation'), 'url') !== undefined

function failedResult(error: DispatchError): unknown {
  const text = `[${error.code}] ${error.message}`
  if (error.connectUrl === undefined) return { isError: true, content: [{ type: 'text', text }] }
  return {
    isError: true,
    content: [
      { type: 'text', text },
      { type: 'text', text: `Connect it here, then call the tool again: ${error.connectUrl}` },
    ],
    _meta: { 'holdfast/connect_url': error.connectUrl },
  }
}

async function askInSession(
  client: ClientRequests,
  params: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  if (!canOpenUrls(client.getClientCapabilities?.()) || client.elicitInput === undefined) {
    return false
  }
  const elicitationId = crypto.randomUUID()
  const answer = await client.elicitInput({ ...params, elicitationId } as never)
  return member(answer, 'action') === 'accept'
}

async function orElse(retry: () => Promise<unknown>, failed: unknown): Promise<unknown> {
  try {
    return await retry()
  } catch {
    return failed
  }
}

/** How a call that failed is made once more. */
export interface SecondTry {
  readonly retry: () => Promise<unknown>
  readonly untilConnected: AuthenticatedRequest['untilConnected'] | undefined
}

/**
 * What a tool answers when its dispatch failed: `[CODE] message`. Where the user can repair the cause
 * on a page, a client that declares URL-mode elicitation is asked to open it, and the call is made
 * once more when that is done; any other client gets the address as text.
 *
 * @see {@link https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation}
 */
export async function askToConnect(
  error: DispatchError,
  context: ElicitingContext | undefined,
  client: ClientRequests | undefined,
  { retry, untilConnected }: SecondTry,
): Promise<unknown> {
  const { connectUrl: url, pollUrl } = error
  const failed = failedResult(error)
  if (url === undefined) return failed
  const params = { mode: 'url', message: `${error.message}. Open the page to connect it.`, url }
  const { envelope, inputResponses, signal = context?.signal } = context?.mcpReq ?? {}
  // Who agreed to open the page has not yet done there what it asks for.
  const retryWhenDone = async (): Promise<unknown> =>
    (await untilConnected?.(error, signal)) === true ? orElse(retry, failed) : failed
  if (envelope !== undefined) {
    // Asked once: a person who has opened the page and not finished must not be asked in a circle.
    const answer = member(inputResponses, inputName)
    if (member(answer, 'action') === 'accept') return retryWhenDone()
    if (answer !== undefined || !canOpenUrls(envelope[capabilitiesKey])) return failed
    const request = { method: 'elicitation/create', params }
    return { resultType: 'input_required', inputRequests: { [inputName]: request } }
  }
  if (client === undefined || !(await askInSession(client, params))) return failed
  return pollUrl === undefined ? orElse(retry, failed) : retryWhenDone()
}
