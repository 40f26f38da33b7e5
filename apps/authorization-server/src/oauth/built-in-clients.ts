import type { Storage } from '@holdfast/storage'
import { grantTypes } from './grant-types.ts'

/** Client id of the command line tool. */
export const cliClientId = 'holdfast-cli'

/** Client id of token requests that present an API key and no client. */
export const apiKeyClientId = 'holdfast-api-keys'

/** Keeps the built-in clients as this version knows them. */
export async function registerBuiltInClients(storage: Pick<Storage, 'clients'>): Promise<void> {
  await storage.clients.put({
    clientId: cliClientId,
    source: 'builtin',
    metadata: {
      client_name: 'Holdfast command line',
      application_type: 'native',
      // The port of a loopback redirect is free: RFC 8252 section 7.3.
      redirect_uris: [
        'http://127.0.0.1/callback',
        'http://[::1]/callback',
        'http://localhost/callback',
      ],
      grant_types: [grantTypes.authorizationCode, grantTypes.deviceCode, grantTypes.refreshToken],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  })
  await storage.clients.put({
    clientId: apiKeyClientId,
    source: 'builtin',
    metadata: {
      client_name: 'API keys',
      application_type: 'native',
      redirect_uris: [],
      grant_types: [grantTypes.tokenExchange],
      response_types: [],
      token_endpoint_auth_method: 'none',
    },
  })
}
