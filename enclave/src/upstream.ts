import type { CancelSignal } from '@holdfast/protocol/channel'
import { Agent, type Dispatcher } from 'undici'
import { type ConnectorOptions, createConnector } from './upstream-connect.ts'
import type { ClientCertificate } from './client-certificate.ts'
import { type ClientIdentity, type ClientLease, UpstreamClients } from './upstream-clients.ts'
import { exchange, type UpstreamResponse } from './upstream-exchange.ts'

/** Connections to one upstream at most. */
const connectionsPerOrigin = 128

/** Owners whose connections are kept apart at once; idle connections close by themselves after seconds. */
const maxOwners = 256

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
  /** Whose connections carry a body that a caller wrote. */
  readonly owner?: string | undefined
}

/** Keeps connections to upstreams and sends requests over them. */
export class Upstream {
  readonly #agent: Agent
  /** By owner, in the order of last use. */
  readonly #owned = new Map<string, Agent>()
  readonly #makeAgent: () => Agent
  readonly #clients: UpstreamClients

  constructor(options: ConnectorOptions) {
    const connect = createConnector(options)
    this.#makeAgent = () =>
      new Agent({ ...agentOptions, connect, connections: connectionsPerOrigin })
    this.#agent = this.#makeAgent()
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
      request.client?.agent ?? this.#agentFor(request),
      { origin, method, path, headers, body: body ?? null },
      signal,
    )
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const agents = [this.#agent, ...this.#owned.values()]
    await Promise.all([...agents.map((agent) => agent.destroy()), this.#clients.close()])
  }

  /**
   * What an upstream does not read of a body it may take for the start of the next request on that
   * connection, credential included. So no connection that carried a caller's body is used for anybody else.
   */
  #agentFor({ body, owner }: UpstreamRequest): Agent {
    if (!body || owner === undefined) return this.#agent
    const agent = this.#owned.get(owner) ?? this.#makeAgent()
    this.#owned.delete(owner)
    this.#owned.set(owner, agent)
    const [oldest] = this.#owned
    if (oldest && this.#owned.size > maxOwners) {
      this.#owned.delete(oldest[0])
      // Its calls under way still end.
      void oldest[1].close()
    }
    return agent
  }
}
