/** What the library tells nobody the types of; not covered by semantic versioning, like `helpers/grants.js`. */
declare module 'oidc-provider/lib/actions/grants/index.js' {
  import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

  interface LibraryGrant {
    readonly grantType: string
    readonly parameters: ReadonlySet<string>
    /** Works with the helpers that it is handed, each bound to the provider. */
    readonly handler: (
      provider: Provider,
      helpers: Readonly<Record<string, unknown>>,
      koa: KoaContextWithOIDC,
    ) => Promise<void>
  }
  export const authorization_code: LibraryGrant
  export const client_credentials: LibraryGrant
  export const device_code: LibraryGrant
  export const refresh_token: LibraryGrant
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  import type { Provider } from 'oidc-provider'

  /** The inner state of an instance. */
  export default function instance(provider: Provider): {
    readonly responseModes: Map<string, unknown>
  }
}
