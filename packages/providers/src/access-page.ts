import { fillTemplate, matchBaseUrl } from './base-url.ts'
import { type Catalog, findProvider } from './catalog.ts'

/**
 * The page of a connection's provider where people take back what they allowed; undefined when the
 * catalog knows none, or when the base URL is not the provider's.
 */
export function accessPage(
  catalog: Catalog,
  connection: { readonly provider: string; readonly baseUrl: string },
): string | undefined {
  const provider = findProvider(catalog, connection.provider)
  const page = provider?.oauth?.access_page
  if (!provider || page === undefined) return undefined
  const variables = matchBaseUrl(provider, connection.baseUrl)
  return variables && fillTemplate(provider, page, variables)
}
