import type { ConnectionHandle } from '@holdfast/protocol'
import type { GrantedConnections } from '@holdfast/protocol/token'
import { DispatchError } from './dispatch-error.ts'
import { pythonList } from './python-list.ts'

// Dedalus deployments store `org/server` under either of the other two forms.
const spellings = (name: string): readonly string[] => [
  name,
  name.replaceAll('/', '-'),
  name.slice(name.lastIndexOf('/') + 1),
]

function onlyConnection(connections: GrantedConnections): ConnectionHandle {
  const names = Object.keys(connections)
  const [name] = names
  const handle = name === undefined ? undefined : connections[name]
  if (handle === undefined) {
    throw new DispatchError('NO_CONNECTIONS', 'the token grants no connection')
  }
  if (names.length > 1) {
    throw new DispatchError(
      'CONNECTION_AMBIGUOUS',
      `name one of the granted connections: ${pythonList(names)}`,
    )
  }
  return handle
}

/**
 * The handle that a token grants under a name. Without a name the token must grant exactly one; a
 * handle is no name, so that a tool can never reach past what the user granted.
 *
 * @throws DispatchError `NO_CONNECTIONS`, `CONNECTION_AMBIGUOUS` or `CONNECTION_NOT_FOUND`
 */
export function resolveConnection(
  connections: GrantedConnections,
  name: string | undefined,
): ConnectionHandle {
  if (name === undefined) return onlyConnection(connections)
  for (const spelling of spellings(name)) {
    const handle = connections[spelling]
    if (handle !== undefined) return handle
  }
  const names = Object.keys(connections)
  if (names.length === 0) {
    throw new DispatchError('NO_CONNECTIONS', 'the token grants no connection')
  }
  throw new DispatchError(
    'CONNECTION_NOT_FOUND',
    `Connection '${name}' not found. Available: ${pythonList(names)}`,
  )
}
