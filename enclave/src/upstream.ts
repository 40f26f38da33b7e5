import { Agent, type Dispatcher } from 'undici'
import { type ConnectorOptions, createConnector } from './upstream-connect.ts'
import type { ClientCertificate } from './client-certificate.ts'
import { type ClientIdentity, type ClientLease, UpstreamClients } from './upstream-clients.ts'
import { requestFailure } from './upstream-errors.ts'

/** Connections to one upstream at most. */
const connectionsPerOrigin = 128

const agentOptions = {
  pipelining: 1,
  allowH2: false,
  // The caller's deadline bounds the whole call.
  headersTimeout: 0,
  bodyTimeout: 0,
} as const

/** A request whose credential is still a placeholder. */
export interface UpstreamRequest {
  /** `https://host[:port]`. */
  readonly origin: string
  readonly method: Dispatcher.HttpMethod
  readonly target: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
  readonly signal: AbortSignal
  /** Connections to use, where the credential is a client certificate. */
  readonly client?: ClientLease | undefined
}

/** An answer whose body is not read yet. */
export type UpstreamResponse = Dispatcher.ResponseData

/** Keeps connections to upstreams and sends requests over them. */
export class Upstream {
  readonly #agent: Agent
  readonly #clients: UpstreamClients

  constructor(options: ConnectorOptions) {
    this.#agent = new Agent({
      ...agentOptions,
      connect: createConnector(options),
      connections: connectionsPerOrigin,
    })
    this.#clients = new UpstreamClients({ connector: options, agent: agentOptions })
  }

  /**
   * Connections that nobody but this credential uses. Release them when its call has ended.
   *
   * @throws EnclaveError as {@link UpstreamClients.lease}
   */
  asClient(identity: ClientIdentity, certificate: ClientCertificate): ClientLease {
    return this.#clients.lease(identity, certificate)
  }

  /** Ends the connections of a credential that changed. */
  forgetClient(handle: string): void {
    this.#clients.forget(handle)
  }

  /**
   * Sends a request and resolves with the answer's head. Redirects are answers like any other.
   *
   * @throws EnclaveError one of the `DOWNSTREAM_*` codes, or `HOST_NOT_ALLOWED` from the relay
   */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { origin, method, target: path, headers, body, signal } = request
    try {
      const pending = (request.client?.agent ?? this.#agent).request({
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
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#clients.close()])
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
