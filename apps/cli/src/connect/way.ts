import { type Catalog, findProvider, type Provider } from '@holdfast/providers'
import { handKinds, planByHand } from './by-hand.ts'
import { planFromCatalog } from './from-catalog.ts'
import { unknownProvider } from './load-catalog.ts'
import type { AddOptions, ConnectionPlan } from './plan.ts'
import { refuseStrayOptions } from './stray-options.ts'

/** Who describes a connection: the options alone, or the catalog. */
export interface Way {
  readonly catalog: Catalog
  readonly name: string
  /** Absent = the catalog does not know the name. */
  readonly provider: Provider | undefined
  /** Where the connection goes that the options alone describe; absent = the catalog describes it. */
  readonly byHand: string | undefined
}

/** The way that the arguments mean. @throws CliError for an option that it would drop */
export function wayOf(catalog: Catalog, name: string, options: AddOptions): Way {
  const { baseUrl, kind, injection } = options
  const provider = findProvider(catalog, name)
  const isCatalogKind = kind !== undefined && !handKinds.includes(kind) && injection === undefined
  const isSelfHosted = provider?.self_hosted === true && isCatalogKind
  const way = { catalog, name, provider, byHand: isSelfHosted ? undefined : baseUrl }
  refuseStrayOptions(way, options)
  return way
}

/** What the arguments describe, but for the secrets. @throws CliError, ProviderError */
export async function planOf(
  { catalog, name, provider, byHand }: Way,
  options: AddOptions,
  issuer: string,
): Promise<ConnectionPlan> {
  if (byHand !== undefined) return planByHand(catalog, name, byHand, options, issuer)
  if (!provider) throw unknownProvider(catalog, name)
  return planFromCatalog(catalog, provider, options, issuer)
}
