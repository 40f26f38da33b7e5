import type { z } from 'zod'
import type { Actor } from '../connections/parts.ts'
import type { ApiScope, Principal } from './principal.ts'

/** One call of an operation, checked at the edge. */
export interface ApiCall<Body, Query> {
  readonly principal: Principal
  /** The caller as the operations on connections know it. */
  readonly actor: Actor
  readonly params: Readonly<Record<string, string>>
  readonly body: Body
  readonly query: Query
}

/** One operation of the management API. */
export interface Route<Body, Query, Result> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below the origin, with `:name` for a parameter. */
  readonly path: string
  readonly scope: ApiScope
  /** Schema of the JSON body; absent = the operation takes none. */
  readonly body?: z.ZodType<Body> | undefined
  readonly query?: z.ZodType<Query> | undefined
  /** Status of a success. Default 200. */
  readonly status?: 200 | 201 | 204 | undefined
  /** What may be answered; every field that is not listed here is left out. */
  readonly response: z.ZodType<Result>
  handle(call: ApiCall<Body, Query>): Promise<Result>
}

/** A route of any types, as the router runs it. */
export type AnyRoute = Route<unknown, unknown, unknown>

/** Checks a route's types against each other and forgets them. */
export const defineRoute = <Body, Query, Result>(route: Route<Body, Query, Result>): AnyRoute =>
  route
