import type { Client } from '@holdfast/client'
import type { Identity } from '../commands/identity-line.ts'

/** Asks which account a new connection is. It is stored by now: what goes wrong is told and not thrown. */
export async function identifyNew(client: Client, handle: string): Promise<Identity> {
  try {
    return await client.connections.identify(handle)
  } catch {
    return { result: 'failed', account: null, status: null, code: null, reason: null }
  }
}
