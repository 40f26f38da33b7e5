import { type DispatchMethod, dispatchMethods } from '@holdfast/protocol'
import { parameterPairs } from './parameter-names.ts'

/** Forms of the parameters by which frameworks, and some services, let a request act as another method. */
const overrides: ReadonlySet<string> = new Set([
  '$httpmethod',
  '_method',
  'method',
  'x_http_method',
  'x_http_method_override',
  'x_method_override',
])

/**
 * The methods that some server may read in a request: its own, and those that its query names, such as
 * `?_method=DELETE`. Policy must allow each of them.
 */
export function readableMethods(request: {
  readonly method: DispatchMethod
  readonly path: string
}): readonly DispatchMethod[] {
  const start = request.path.indexOf('?')
  if (start === -1) return [request.method]
  const named = parameterPairs(request.path.slice(start + 1)).flatMap(([form, value]) => {
    const method = dispatchMethods.find((known) => known === value.trim().toUpperCase())
    return overrides.has(form) && method ? [method] : []
  })
  return [request.method, ...named]
}
