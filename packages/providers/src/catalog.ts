import { builtInProviders } from './data/index.ts'
import { ProviderError } from './errors.ts'
import { type Provider, type ProviderData, providerSchema } from './schema.ts'

/** All providers that are known, by name. */
export interface Catalog {
  /** In the order of their names. */
  readonly providers: readonly Provider[]
  readonly byName: ReadonlyMap<string, Provider>
}

/** A provider that an operator added. */
export interface AddedProvider {
  readonly provider: Provider
  /** Set when it may take the place of a built-in one. */
  readonly override?: boolean | undefined
}

/**
 * The catalog: the built-in providers and an operator's own.
 *
 * @throws ProviderError `INVALID_PROVIDER` when an added one has a name that is taken
 */
export function loadCatalog(added: readonly AddedProvider[] = []): Catalog {
  const byName = new Map(builtIn().map((provider) => [provider.name, provider]))
  const seen = new Set<string>()
  for (const { provider, override } of added) {
    if (seen.has(provider.name)) {
      throw taken(provider.name, 'two of your providers have this name', 'rename one of them')
    }
    if (byName.has(provider.name) && override !== true) {
      const fix = 'rename it, or write `override: true` above it to replace the built-in one'
      throw taken(provider.name, 'a built-in provider has this name', fix)
    }
    seen.add(provider.name)
    byName.set(provider.name, provider)
  }
  const providers = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { providers, byName }
}

const taken = (name: string, why: string, fix: string): ProviderError =>
  new ProviderError('INVALID_PROVIDER', `${name}: ${why}`, fix)

/**
 * A provider from data.
 *
 * @throws ProviderError `INVALID_PROVIDER` that names the wrong field
 */
export function parseProvider(data: ProviderData): Provider {
  const parsed = providerSchema.safeParse(data)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new ProviderError(
    'INVALID_PROVIDER',
    `${issue?.path.join('.') || 'the provider'}: ${issue?.message}`,
    'compare it with `holdfast providers show github --json`',
  )
}

let parsed: readonly Provider[] | undefined

function builtIn(): readonly Provider[] {
  parsed ??= builtInProviders.map(parseProvider)
  return parsed
}

/** The provider of this name. */
export const findProvider = (catalog: Catalog, name: string): Provider | undefined =>
  catalog.byName.get(name)

/** Names that a person may have meant, best first; at most five. */
export function suggestProviders(catalog: Catalog, name: string): readonly string[] {
  const wanted = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  if (wanted === '') return []
  return catalog.providers
    .map(({ name, title }) => {
      const spelled = [name, title].map((text) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
      const isPart = spelled.some((text) => text.includes(wanted) || wanted.includes(text))
      const distance = Math.min(...spelled.map((text) => editDistance(text, wanted)))
      return { name, score: isPart ? Math.min(distance, 1) : distance }
    })
    .filter(({ score }) => score <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.score - b.score)
    .slice(0, 5)
    .map(({ name }) => name)
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (character === other ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
