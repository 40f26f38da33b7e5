import { parseRequestPath, type RequestPath } from '@holdfast/protocol'
import { pointed } from './account.ts'
import { matchBaseUrl } from './base-url.ts'
import { type Catalog, findProvider } from './catalog.ts'

/** The harmless request that tests a connection. */
export interface ConnectionIdentity {
  readonly path: RequestPath
  readonly headers: Readonly<Record<string, string>>
  /** JSON pointers to the account's name. */
  readonly account: readonly string[]
  /** False for an answer with which the provider refuses although its status says 200. */
  readonly isAccepted: (answer: unknown) => boolean
}

/**
 * The identity request of a connection; undefined when its provider has none or when its base URL is
 * not the provider's: whoever names a connection `github` does not get GitHub's request on another host.
 */
export function connectionIdentity(
  catalog: Catalog,
  connection: {
    readonly provider: string
    readonly baseUrl: string
    /** Kind of its credential. */
    readonly kind: string | undefined
  },
): ConnectionIdentity | undefined {
  const provider = findProvider(catalog, connection.provider)
  const identity = provider?.identity
  if (!provider || !identity) return undefined
  const isTheirs =
    provider.self_hosted === true || matchBaseUrl(provider, connection.baseUrl) !== undefined
  // Only the kind of credential is known here, not which of the provider's kinds it was.
  const alike = provider.kinds.filter(({ credential }) => credential.kind === connection.kind)
  const fits = alike.length > 0 && alike.every(({ id }) => identity.kinds?.includes(id) ?? true)
  if (!isTheirs || !fits) return undefined
  const { ok, account } = identity
  return {
    path: parseRequestPath(identity.path),
    headers: { accept: 'application/json', 'user-agent': 'holdfast', ...provider.headers },
    account,
    isAccepted: (answer) => ok === undefined || isTrue(pointed(answer, ok)),
  }
}

const isTrue = (value: unknown): boolean => value !== undefined && value !== false && value !== null
