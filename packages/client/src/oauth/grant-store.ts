import {
  type DpopKey,
  exportDpopKey,
  generateDpopKey,
  importDpopKey,
} from '@holdfast/protocol/token'
import type { TokenStore } from '../session.ts'
import type { RegistrationStore } from './registration.ts'
import { covers } from './resource-metadata.ts'
import { emptyState, type OAuthState, type StoredGrant } from './state.ts'

/** The state of an OAuth client, in whatever store it is kept. */
export interface GrantStore extends RegistrationStore {
  /** The grant for a URL: of all resources that stand for it, the most exact one. */
  readonly grantFor: (
    url: URL,
  ) => Promise<(StoredGrant & { readonly resource: string }) | undefined>
  readonly saveGrant: (resource: string, grant: StoredGrant | undefined) => Promise<void>
  /** Drops the registration that a server made for us. Within `exclusive`. */
  readonly forget: (issuer: string) => Promise<void>
  /** The key that tokens are bound to, made on first use. */
  readonly dpopKey: () => Promise<DpopKey>
  readonly exclusive: TokenStore['exclusive']
}

/** A view on a store; `exclusive` does not nest: `saveGrant` and `forget` are called inside of it. */
export function grantStore(store: TokenStore<OAuthState>): GrantStore {
  const load = async (): Promise<OAuthState> => (await store.load()) ?? emptyState
  const change = async (edit: (state: OAuthState) => OAuthState): Promise<void> =>
    store.save(edit(await load()))
  let key: Promise<DpopKey> | undefined
  const findKey = (): Promise<DpopKey> =>
    store.exclusive(async () => {
      const { dpopKey } = await load()
      if (dpopKey !== undefined) return importDpopKey(dpopKey)
      const made = await generateDpopKey({ extractable: true })
      const jwk = { ...(await exportDpopKey(made)) }
      await change((state) => ({ ...state, dpopKey: jwk }))
      return made
    })
  return {
    exclusive: store.exclusive,
    async grantFor(url) {
      const { grants } = await load()
      const [resource] = Object.keys(grants)
        .filter((name) => covers(name, url))
        .sort((a, b) => b.length - a.length)
      const grant = resource === undefined ? undefined : grants[resource]
      return grant === undefined || resource === undefined ? undefined : { ...grant, resource }
    },
    saveGrant: (resource, grant) =>
      change((state) => {
        const { [resource]: _former, ...others } = state.grants
        return { ...state, grants: grant === undefined ? others : { ...others, [resource]: grant } }
      }),
    dpopKey: () => {
      key ??= findKey().catch((error: unknown) => {
        key = undefined
        throw error
      })
      return key
    },
    forget: (issuer) =>
      change((state) => {
        const { [issuer]: _forgotten, ...registrations } = state.registrations
        return { ...state, registrations }
      }),
    find: async (issuer) => (await load()).registrations[issuer],
    remember: (issuer, registration) =>
      store.exclusive(() =>
        change((state) => ({
          ...state,
          registrations: { ...state.registrations, [issuer]: registration },
        })),
      ),
    bind: (clientId, issuer) =>
      store.exclusive(async () => {
        const known = (await load()).boundClients[clientId]
        if (known !== undefined) return known
        await change((state) => ({
          ...state,
          boundClients: { ...state.boundClients, [clientId]: issuer },
        }))
        return issuer
      }),
  }
}
