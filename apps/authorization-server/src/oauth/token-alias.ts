import type { Provider } from 'oidc-provider'

/** Older Dedalus SDKs post to `/token` and write that URL into their proofs. */
export const tokenAliasPath = '/token'

/** Makes a request that came in under the alias expect proofs for the alias. */
export function issueUnderAlias(provider: Provider, issuer: string): void {
  const prototype = (provider as unknown as { OIDCContext: { prototype: OidcContextPrototype } })
    .OIDCContext.prototype
  const { urlFor } = prototype
  prototype.urlFor = function urlForAlias(name, options) {
    return name === 'token' && this.ctx.originalUrl === tokenAliasPath
      ? `${issuer}${tokenAliasPath}`
      : urlFor.call(this, name, options)
  }
}

interface OidcContextPrototype {
  readonly ctx: { readonly originalUrl: string }
  urlFor: (this: OidcContextPrototype, name: string, options?: unknown) => string
}
