import {
  type ConnectionHandle,
  type ConnectionPolicy,
  formatConnectionHandle,
  parseBaseUrl,
} from '@holdfast/protocol'

/** A connection of the dispatch double. */
export interface TestConnection {
  /** Default `test`. */
  readonly provider?: string
  /** The upstream, such as the `url` of `startEchoUpstream`. */
  readonly baseUrl: string
  /** The header that carries the credential, with what it says. A secret, as real as the test makes it. */
  readonly credential: { readonly header: string; readonly value: string }
  /** Authority of the upstream's certificate. Default: those that the system trusts. */
  readonly caPem?: string
  /** Default: everything is allowed, unlike a real connection's. */
  readonly policy?: ConnectionPolicy
}

/** Connections by handle. */
export interface TestConnections {
  readonly add: (connection: TestConnection) => ConnectionHandle
  readonly find: (handle: string) => TestConnection | undefined
}

/** Connections that are kept in plain text in this process. */
export function createTestConnections(): TestConnections {
  const connections = new Map<string, TestConnection>()
  return {
    add: (connection) => {
      parseBaseUrl(connection.baseUrl)
      const count = String(connections.size + 1).padStart(26, '0')
      const handle = formatConnectionHandle(count, connection.provider ?? 'test')
      connections.set(handle, connection)
      return handle
    },
    find: (handle) => connections.get(handle),
  }
}
