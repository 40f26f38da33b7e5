import type { OAuthApp } from '@holdfast/protocol'
import {
  canonicalBaseUrl,
  type Catalog,
  fillTemplate,
  findProvider,
  matchBaseUrl,
  type Provider,
  resolveBaseUrl,
  toOAuthApp,
  type Variables,
} from '@holdfast/providers'
import { usage } from '../errors.ts'

/** What the options of `holdfast oauth-apps add` say of the client. */
export interface AppOptions {
  readonly clientId: string
  readonly scopes?: readonly string[]
  readonly set?: readonly string[]
  readonly baseUrl?: string
  readonly authorizationEndpoint?: string
  readonly tokenEndpoint?: string
  readonly revocationEndpoint?: string
  readonly providerIssuer?: string
  readonly parameter?: readonly string[]
  readonly authMethod?: OAuthApp['token_endpoint_auth_method']
}

/** An OAuth client without its secret. */
export interface AppPlan {
  readonly baseUrl: string
  readonly app: Omit<OAuthApp, 'kind'>
  /** Where an operator registers the client, if the catalog knows. */
  readonly registerUrl: string | undefined
}

/**
 * What is sealed for an OAuth client: the catalog's endpoints, or those that were given.
 *
 * @throws CliError for a provider that nobody knows and that was not described; ProviderError
 */
export function planOAuthApp(catalog: Catalog, name: string, options: AppOptions): AppPlan {
  const provider = findProvider(catalog, name)
  const set = pairs(options.set ?? [], '--set')
  const account = provider && accountOf(provider, options.baseUrl, set)
  const known =
    provider?.oauth && account && options.tokenEndpoint === undefined
      ? toOAuthApp(provider, options.clientId, account)
      : undefined
  const baseUrl =
    options.baseUrl === undefined
      ? provider && resolveBaseUrl(provider, set)
      : canonicalBaseUrl(options.baseUrl)
  const authorization = options.authorizationEndpoint ?? known?.authorization_endpoint
  const token = options.tokenEndpoint ?? known?.token_endpoint
  if (baseUrl === undefined || authorization === undefined || token === undefined) {
    throw usage(
      provider && !account
        ? 'the catalog knows how to sign in at this provider, and --base-url is another host'
        : 'the catalog does not know how to sign in at this provider',
      'give --base-url, --authorization-endpoint and --token-endpoint',
    )
  }
  const revocation = options.revocationEndpoint ?? known?.revocation_endpoint
  const parameters = {
    ...known?.authorization_parameters,
    ...pairs(options.parameter ?? [], '--parameter'),
  }
  const registerUrl = known && provider?.oauth?.register_url
  return {
    baseUrl,
    registerUrl: registerUrl && fillTemplate(provider, registerUrl, account ?? {}),
    app: {
      client_id: options.clientId,
      authorization_endpoint: authorization,
      token_endpoint: token,
      token_endpoint_auth_method:
        options.authMethod ?? known?.token_endpoint_auth_method ?? 'client_secret_basic',
      scopes: [...(options.scopes ?? known?.scopes ?? [])],
      ...(known?.scope_separator && { scope_separator: known.scope_separator }),
      ...(revocation !== undefined
        ? { revocation_endpoint: revocation }
        : known?.revocation_request && { revocation_request: known.revocation_request }),
      ...(known?.refresh_gone && { refresh_gone: known.refresh_gone }),
      ...(options.providerIssuer !== undefined && { issuer: options.providerIssuer }),
      ...(Object.keys(parameters).length > 0 && { authorization_parameters: parameters }),
    },
  }
}

/**
 * Whose endpoints the catalog's are: undefined for a base URL that is not the provider's own. Client
 * secret and codes of such an installation are nothing to the provider's hosts.
 */
function accountOf(
  provider: Provider,
  baseUrl: string | undefined,
  set: Variables,
): Variables | undefined {
  if (baseUrl === undefined) return set
  const named = matchBaseUrl(provider, canonicalBaseUrl(baseUrl))
  if (named === undefined) return undefined
  const other = Object.keys(set).find((name) => set[name] !== named[name])
  if (other === undefined) return named
  throw usage(`--set ${other}=… is not what --base-url says`, 'leave out one of them')
}

function pairs(given: readonly string[], option: string): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usage(`${option} takes name=value`, `for example ${option} tenant=acme`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
