import type { Provider } from 'oidc-provider'
import { findClient } from '../registration/documents/find-in-library.ts'
import type { AppView } from '../views/app-identity.ts'
import { describeClient, describeRedirect } from './describe-client.ts'

/** A client outside of any of its requests: who it is, and where it takes its answers. */
export interface AgentView extends AppView {
  readonly addresses: readonly string[]
}

/** Describes the client for which a connection is asked, as the consent page describes the one that asks. */
export async function describeAgent(library: Provider, clientId: string): Promise<AgentView> {
  const client = await findClient(library, clientId)
  if (!client) {
    const unverified = 'This app is not registered here any more.'
    return { clientId, clientName: clientId, clientHost: undefined, unverified, addresses: [] }
  }
  const redirects = (client.redirectUris ?? []).map(describeRedirect)
  const addresses = [...new Set(redirects.map(({ redirectTo }) => redirectTo))]
  // Of several hosts none speaks for it: whoever lists another's beside its own is not that other.
  const [redirect] = addresses.length === 1 ? redirects : []
  return {
    clientId,
    ...describeClient(client, redirect ?? { redirectTo: '', redirectKind: 'app' }),
    addresses,
  }
}
