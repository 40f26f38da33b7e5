import { errors } from 'oidc-provider'
import { resourceScopesOf } from './resource-directory.ts'

/**
 * The scopes of a token: those that were asked for, or else every one that is allowed.
 *
 * @param limits - lists of which each allows what it holds; undefined allows all
 * @throws InvalidScope for a scope that is not allowed, and when nothing is
 */
export function narrowScope(
  asked: string | undefined,
  offered: Iterable<string>,
  limits: readonly (readonly string[] | undefined)[],
): string {
  const known = [...offered]
  const allowed = known.filter((name) => limits.every((limit) => limit?.includes(name) !== false))
  const wanted = resourceScopesOf(asked)
  const excess = wanted.find((name) => !allowed.includes(name))
  if (excess !== undefined) {
    throw new errors.InvalidScope('a scope was asked for that is not allowed here', excess)
  }
  if (known.length > 0 && allowed.length === 0) {
    throw new errors.InvalidScope('no scope of this resource is allowed here', asked ?? '')
  }
  return (wanted.length > 0 ? [...new Set(wanted)] : allowed).join(' ')
}
