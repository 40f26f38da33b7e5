import type { Grant, Storage } from '@holdfast/storage'
import { liveConnections } from '../oauth/held-connections.ts'

/** Who vouches, for whom, where. */
export interface VouchedParties {
  readonly userId: string
  readonly clientId: string
  readonly resource: string
}

type Stores = Pick<Storage, 'grants' | 'connections' | 'resources'>

/**
 * Which of their connections a user lets an app use that another server vouches for: those of their
 * newest consent to the same client, and those that they chose on a connect page since. A consent to
 * single actions gives none, because these tokens carry no such limits.
 */
export async function usableConnections(
  storage: Stores,
  parties: VouchedParties,
): Promise<Readonly<Record<string, string>>> {
  const { userId, clientId, resource } = parties
  const consent = await storage.grants.findConsent(userId, clientId, resource)
  if (consent?.authorizationDetails) return {}
  return {
    ...(await liveConnections(storage, consent?.connections)),
    ...(await chosenSince(storage, parties, consent)),
  }
}

/** The choices that still hold: a later consent replaces them, and what was lost meanwhile is not named. */
async function chosenSince(
  { grants, connections, resources }: Stores,
  parties: VouchedParties,
  consent: Grant | undefined,
): Promise<Record<string, string>> {
  const choices = await grants.choices(parties)
  if (choices.length === 0) return {}
  const resource = await resources.find(parties.resource)
  const chosen: Record<string, string> = {}
  for (const { name, handle, chosenAtMs } of choices) {
    const wanted = resource?.connections.find((one) => one.name === name)
    const connection = await connections.find(handle)
    const holds =
      chosenAtMs > lastSaidAtMs(consent, name) &&
      wanted !== undefined &&
      connection?.provider === wanted.provider &&
      connection.owner === parties.userId &&
      connection.status !== 'revoked'
    if (holds) chosen[name] = handle
  }
  return chosen
}

/** A consent changes only by connections that are added to it: choices under other names still hold then. */
const lastSaidAtMs = (consent: Grant | undefined, name: string): number => {
  if (consent === undefined) return -Infinity
  return Object.hasOwn(consent.connections, name) ? consent.updatedAtMs : consent.createdAtMs
}
