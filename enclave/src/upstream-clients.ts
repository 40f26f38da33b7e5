import { createHash } from 'node:crypto'
import { EnclaveError } from '@holdfast/protocol/channel'
import { Agent } from 'undici'
import {
  type ClientCertificate,
  type Validity,
  validityFault,
  validityOf,
} from './client-certificate.ts'
import { type ConnectorOptions, createConnector } from './upstream-connect.ts'

/** Which credential a certificate belongs to. */
export interface ClientIdentity {
  readonly handle: string
  /** The vault record that holds the certificate. */
  readonly record: Uint8Array
}

/** Connections of one credential, for one call. */
export interface ClientLease {
  readonly agent: Agent
  release(): void
}

/** Options of {@link UpstreamClients}. */
export interface UpstreamClientsOptions {
  readonly connector: ConnectorOptions
  readonly agent: Omit<Agent.Options, 'connect' | 'connections'>
  /** Credentials with open connections at most. Default 64. */
  readonly maxClients?: number | undefined
  /** Time without a call after which connections and key are dropped. Default 60000. */
  readonly idleMs?: number | undefined
}

const connectionsPerClient = 16

interface Client extends Validity {
  readonly handle: string
  readonly agent: Agent
  leases: number
  idle: NodeJS.Timeout | undefined
}

/**
 * Connections that prove a client by certificate. Each vault record has its own: a connection is never
 * used for another credential, nor for the same one after it was sealed again.
 */
export class UpstreamClients {
  readonly #options: UpstreamClientsOptions
  /** In the order of last use. */
  readonly #clients = new Map<string, Client>()

  constructor(options: UpstreamClientsOptions) {
    this.#options = options
  }

  /**
   * Connections for a credential. The certificate is read before this returns, and not kept.
   *
   * @throws EnclaveError `DOWNSTREAM_AUTH_FAILURE` for a certificate that is not valid now,
   *   `DOWNSTREAM_RATE_LIMITED` when too many credentials are in use
   */
  lease({ handle, record }: ClientIdentity, certificate: ClientCertificate): ClientLease {
    const name = createHash('sha256').update(record).digest('base64url')
    const client = this.#clients.get(name) ?? this.#open(handle, certificate)
    const fault = validityFault(client, Date.now())
    if (fault) {
      this.#drop(name, client)
      throw new EnclaveError('DOWNSTREAM_AUTH_FAILURE', fault)
    }
    for (const [other, { handle: its }] of this.#clients) {
      if (its === handle && other !== name) this.forget(handle)
    }
    this.#clients.delete(name)
    this.#clients.set(name, client)
    clearTimeout(client.idle)
    client.leases++
    let isReleased = false
    return {
      agent: client.agent,
      release: () => {
        if (isReleased) return
        isReleased = true
        client.leases--
        if (client.leases === 0) this.#dropWhenIdle(name, client)
      },
    }
  }

  /** Drops the connections of a handle, whichever its record. Calls under way still end. */
  forget(handle: string): void {
    for (const [name, client] of this.#clients)
      if (client.handle === handle) this.#drop(name, client)
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const clients = [...this.#clients.values()]
    this.#clients.clear()
    for (const { idle } of clients) clearTimeout(idle)
    await Promise.all(clients.map(({ agent }) => agent.destroy()))
  }

  #open(handle: string, certificate: ClientCertificate): Client {
    this.#makeRoom()
    const { connector, agent } = this.#options
    return {
      handle,
      agent: new Agent({
        ...agent,
        connect: createConnector({ ...connector, clientCertificate: certificate }),
        connections: connectionsPerClient,
      }),
      ...validityOf(certificate),
      leases: 0,
      idle: undefined,
    }
  }

  #makeRoom(): void {
    if (this.#clients.size < (this.#options.maxClients ?? 64)) return
    for (const [name, client] of this.#clients) {
      if (client.leases === 0) return this.#drop(name, client)
    }
    throw new EnclaveError(
      'DOWNSTREAM_RATE_LIMITED',
      'too many connections with client certificates are in use at once',
    )
  }

  #dropWhenIdle(name: string, client: Client): void {
    const { idleMs = 60_000 } = this.#options
    client.idle = setTimeout(() => this.#drop(name, client), idleMs).unref()
  }

  #drop(name: string, client: Client): void {
    if (this.#clients.get(name) === client) this.#clients.delete(name)
    clearTimeout(client.idle)
    void client.agent.close()
  }
}
