import { type ConnectionDetail, type ConnectionHandle, providerOfHandle } from '@holdfast/protocol'
import type { KnownResource, ResourceDirectory } from '../resource-directory.ts'
import { refuse } from './parse-details.ts'

/** One connection that authorization details ask for, whoever's it will be. */
export interface WantedConnection {
  /** Tells it from the others of this request. */
  readonly key: string
  /** The name under which the resource knows it; undefined where the user's choice gives one. */
  readonly name: string | undefined
  readonly provider: string | undefined
  readonly identifier: ConnectionHandle | undefined
  readonly description: string
  /** What may be done with it: each of these. */
  readonly details: readonly ConnectionDetail[]
}

type Named = Omit<WantedConnection, 'identifier' | 'details'>

/**
 * Tells which connections the details mean for a resource, with locations in their canonical spelling.
 *
 * @throws ProtocolError `INVALID_DETAILS` for a connection or a location that is not of this resource
 */
export async function wantedConnections(
  directory: Pick<ResourceDirectory, 'resolve'>,
  resource: KnownResource,
  details: readonly ConnectionDetail[],
): Promise<WantedConnection[]> {
  const wanted = new Map<string, WantedConnection>()
  for (const detail of details) {
    const named = nameFor(resource, detail)
    const located = await locate(directory, resource, detail)
    const { identifier } = detail
    const known = wanted.get(named.key)
    if (known && known.identifier !== identifier) {
      refuse(`two authorization details mean “${named.key}” and name different identifiers`)
    }
    if (known && known.provider !== named.provider) {
      refuse(`two authorization details mean “${named.key}” and name different providers`)
    }
    wanted.set(named.key, {
      ...named,
      identifier,
      details: [...(known?.details ?? []), located],
    })
  }
  return [...wanted.values()]
}

function nameFor(resource: KnownResource, detail: ConnectionDetail): Named {
  const { identifier, name } = detail
  const provider = detail.provider ?? (identifier && providerOfHandle(identifier))
  if (resource.builtIn === 'dispatch') {
    const key = name ?? identifier ?? provider
    return key === undefined
      ? refuse('an authorization detail needs an identifier, a provider or a name')
      : { key, name, provider, description: 'Called directly' }
  }
  const fitting = resource.connections.filter(
    (own) =>
      (name === undefined || own.name === name) &&
      (provider === undefined || own.provider === provider),
  )
  const [first, ...others] = fitting
  if (first && others.length === 0) {
    return {
      key: first.name,
      name: first.name,
      provider: first.provider,
      description: first.description,
    }
  }
  const all = resource.connections.map((own) => `${own.name} (${own.provider})`).join(', ')
  return refuse(
    all === ''
      ? 'this resource uses no connections'
      : `an authorization detail must mean one of the resource's connections, by name: ${all}`,
  )
}

async function locate(
  directory: Pick<ResourceDirectory, 'resolve'>,
  { resource }: KnownResource,
  detail: ConnectionDetail,
): Promise<ConnectionDetail> {
  if (detail.locations === undefined) return detail
  const known = await Promise.all(detail.locations.map((uri) => directory.resolve(uri)))
  if (known.some((one) => one?.resource !== resource)) {
    refuse('the locations of an authorization detail name another resource than the request')
  }
  return { ...detail, locations: [resource] }
}
