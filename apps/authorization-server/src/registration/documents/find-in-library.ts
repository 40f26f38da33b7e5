import type { Client, Provider } from 'oidc-provider'
import { DocumentError } from './errors.ts'

/** The library's client; undefined also for one whose document is not taken any more. */
export async function findClient(
  provider: Provider,
  clientId: string,
): Promise<Client | undefined> {
  try {
    return await provider.Client.find(clientId)
  } catch (error) {
    if (error instanceof Error && error.cause instanceof DocumentError) return undefined
    throw error
  }
}
