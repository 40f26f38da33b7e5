import {
  type AddedProvider,
  type Catalog,
  loadCatalog,
  suggestProviders,
} from '@holdfast/providers'
import { readProviderFiles } from '@holdfast/providers/node'
import type { Config } from '../config.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

type ProvidersConfig = Pick<Config, 'providersDir'>

/**
 * The operator's own providers, checked together with the built-in ones.
 *
 * @throws ProviderError that names file, line and fix
 */
export function ownProviders(config: ProvidersConfig): readonly AddedProvider[] {
  const known = read.get(config)
  if (known) return known
  const { providersDir } = config
  const added = providersDir === undefined ? [] : readProviderFiles(providersDir)
  loadCatalog(added)
  read.set(config, added)
  return added
}

/** Read once: a restarted process gets what was checked when the server started. */
const read = new WeakMap<ProvidersConfig, readonly AddedProvider[]>()

/** The catalog of this machine. @throws ProviderError */
export const localCatalog = (config: ProvidersConfig): Catalog => loadCatalog(ownProviders(config))

/** What to say when nobody knows the provider. */
export function unknownProvider(catalog: Catalog, name: string): CliError {
  const near = suggestProviders(catalog, name)
  return new CliError('the catalog has no provider of this name', {
    exitCode: exitCodes.notFound,
    code: 'UNKNOWN_PROVIDER',
    why: near.length === 0 ? undefined : `did you mean ${near.join(', ')}?`,
    fix: 'see `holdfast providers list`; connect it by hand with --base-url, or add a file to HOLDFAST_PROVIDERS_DIR (docs/providers.md)',
  })
}
