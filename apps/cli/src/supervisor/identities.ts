/** A uid with its own group of the same number, and further groups. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

export interface Identities {
  readonly controlPlane: Identity
  readonly enclave: Identity
  readonly relay: Identity
}

/**
 * Own users for the three processes. Only root can give them; anybody else runs all as himself,
 * and the isolation report says what that costs.
 */
export function identitiesOf(uidBase: number): Identities | undefined {
  if (process.getuid?.() !== 0) return undefined
  const identity = (id: number, ...groups: number[]): Identity => ({ uid: id, gid: id, groups })
  // The socket folders carry their reader's group, so nobody needs a second group.
  return {
    controlPlane: identity(uidBase),
    enclave: identity(uidBase + 1),
    relay: identity(uidBase + 2),
  }
}
