import type { CancelSignal } from '@holdfast/protocol/channel'
import { Agent, type Dispatcher } from 'undici'
import { type ConnectorOptions, createConnector } from './upstream-connect.ts'
import type { ClientCertificate } from './client-certificate.ts'
import { type ClientIdentity, type ClientLease, UpstreamClients } from './upstream-clients.ts'
import { exchange, type UpstreamResponse } from './upstream-exchange.ts'

/** Connections to one upstream at most. */
const connectionsPerOrigin = 128

const agentOptions = {
  pipelining: 1,
  allowH2: false,
  // The caller's deadline bounds the whole call.
  headersTimeout: 0,
  bodyTimeout: 0,
} as const

export type { UpstreamResponse }

/** A request whose credential is still a placeholder. */
export interface UpstreamRequest {
  /** `https://host[:port]`. */
  readonly origin: string
  readonly method: Dispatcher.HttpMethod
  readonly target: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
  readonly signal: CancelSignal
  /** Connections to use, where the credential is a client certificate. */
  readonly client?: ClientLease | undefined
}

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
  send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { origin, method, target: path, body, signal } = request
    const headers: string[] = []
    for (const [name, value] of request.headers) headers.push(name, value)
    return exchange(
      request.client?.agent ?? this.#agent,
      { origin, method, path, headers, body: body ?? null },
      signal,
    )
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#clients.close()])
  }
}
