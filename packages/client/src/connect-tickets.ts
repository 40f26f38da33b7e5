import type { ConnectionPolicy } from '@holdfast/protocol'
import type { Api } from './api.ts'
import { segment } from './paging.ts'

/** What a connect link is for. */
export interface NewConnectTicket {
  /** Catalog name. Default: chosen on the page. */
  readonly provider?: string | undefined
  /** Name under which a resource asks for it. Default: the provider. */
  readonly name?: string | undefined
  readonly label?: string | undefined
  /** Default: chosen on the page. */
  readonly policy?: ConnectionPolicy | undefined
  /** An own connection that gets a new value; nothing else may be given then. */
  readonly handle?: string | undefined
}

/** A page on which its owner connects one account, within ten minutes. */
export interface ConnectTicketView {
  readonly id: string
  readonly connect_url: string
  readonly expires_at: string
  readonly status: 'pending' | 'connected' | 'expired'
  /** The connection, once it is connected. */
  readonly handle: string | null
  /** Null where the person chooses. */
  readonly provider: string | null
  readonly name: string | null
  /** The server that asked for it. */
  readonly resource: string | null
}

/** One-time links to the page on which a person adds or repairs a connection. */
export interface ConnectTickets {
  readonly create: (ticket: NewConnectTicket) => Promise<ConnectTicketView>
  readonly get: (id: string) => Promise<ConnectTicketView>
  /**
   * Uses a link up for a connection that there is already.
   *
   * @throws ClientError `USER_REQUIRED` for a link that a server asked for, unless signed in as `holdfast-cli`
   */
  readonly answer: (id: string, handle: string) => Promise<ConnectTicketView>
}

/** Links on which accounts are connected in a browser. */
export const connectTicketsApi = (api: Api): ConnectTickets => ({
  create: (body) => api({ method: 'POST', path: '/v1/connect-tickets', body }),
  get: (id) => api({ method: 'GET', path: `/v1/connect-tickets/${segment(id)}` }),
  answer: (id, handle) =>
    api({
      method: 'POST',
      path: `/v1/connect-tickets/${segment(id)}/connection`,
      body: { handle },
    }),
})
