import { findProvider, loadCatalog, suggestProviders } from '@holdfast/providers'
import type { AppContext } from '../context.ts'
import { ApiProblem } from './problem.ts'

/**
 * Refuses a provider at which nobody could connect an account here: neither the catalog nor an OAuth app
 * of the operator names it.
 *
 * @throws ApiProblem `INVALID_REQUEST`
 */
export async function requireKnownProvider(
  { config, storage }: Pick<AppContext, 'config' | 'storage'>,
  name: string,
): Promise<void> {
  const catalog = loadCatalog(config.providers)
  if (findProvider(catalog, name)) return
  const apps = await storage.connections.list({ purpose: 'oauth_app', limit: 200 })
  if (apps.some(({ provider, status }) => provider === name && status === 'active')) return
  const near = suggestProviders(catalog, name)
  const detail = [
    'neither the catalog nor an OAuth app of this server has a provider of this name',
    ...(near.length > 0 ? [`did you mean ${near.join(', ')}?`] : []),
  ].join('; ')
  throw new ApiProblem('INVALID_REQUEST', detail, {
    errors: [{ pointer: '/provider', detail }],
    fix: '`holdfast providers list` shows the catalog; connect others with `holdfast connections add --base-url`.',
  })
}
