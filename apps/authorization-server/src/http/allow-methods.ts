import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { HttpProblem } from './problem.ts'

/** The refusal of a method. @param allow - those that are taken, as the header lists them */
export const notAllowed = (allow: string): HttpProblem =>
  new HttpProblem(405, `use ${allow}`, { headers: { Allow: allow } })

/**
 * Refuses every other method than those of an endpoint, so that nothing reaches it by one that its
 * limits do not count. A preflight is none of its methods, and answered elsewhere.
 *
 * @param paths - the endpoints, each with the methods that it takes
 */
export function allowMethods(paths: ReadonlyMap<string, string>): Koa.Middleware<RequestState> {
  const taken = new Map(
    [...paths].map(([path, allow]) => [path, new Set([...allow.split(', '), 'OPTIONS'])]),
  )
  return (koa, next) => {
    if (taken.get(koa.path)?.has(koa.method) === false) throw notAllowed(paths.get(koa.path) ?? '')
    return next()
  }
}
