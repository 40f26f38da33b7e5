import { Agent, type Dispatcher } from 'undici'
import { type ConnectorOptions, createConnector } from './upstream-connect.ts'
import { requestFailure } from './upstream-errors.ts'

/** Connections to one upstream at most. */
const connectionsPerOrigin = 128

/** A request whose credential is still a placeholder. */
export interface UpstreamRequest {
  /** `https://host[:port]`. */
  readonly origin: string
  readonly method: Dispatcher.HttpMethod
  readonly target: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
  readonly signal: AbortSignal
}

/** An answer whose body is not read yet. */
export type UpstreamResponse = Dispatcher.ResponseData

/** Keeps connections to upstreams and sends requests over them. */
export class Upstream {
  readonly #agent: Agent

  constructor(options: ConnectorOptions) {
    this.#agent = new Agent({
      connect: createConnector(options),
      connections: connectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
      // The caller's deadline bounds the whole call.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * Sends a request and resolves with the answer's head. Redirects are answers like any other.
   *
   * @throws EnclaveError one of the `DOWNSTREAM_*` codes, or `HOST_NOT_ALLOWED` from the relay
   */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { origin, method, target: path, headers, body, signal } = request
    try {
      const pending = this.#agent.request({
        origin,
        method,
        path,
        headers: [...headers].flat(),
        body: body ?? null,
        signal,
      })
      const response = await orAborted(pending, signal)
      // Giving a body up makes it emit an error that nobody may be listening for.
      response.body.on('error', () => undefined)
      return response
    } catch (error) {
      throw requestFailure(error)
    }
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

/**
 * The library heeds a signal only once it is connected: an upstream that never finishes its TLS
 * handshake would hold the caller beyond the deadline. It then drops the request unsent.
 */
function orAborted(
  pending: Promise<UpstreamResponse>,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      reject(new DOMException('the call was given up', 'AbortError'))
      pending.then(
        ({ body }) => body.on('error', () => undefined).destroy(),
        () => undefined,
      )
    }
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
