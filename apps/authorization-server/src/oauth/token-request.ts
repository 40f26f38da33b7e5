import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { readForm } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import type { ResourceDirectory } from './resource-directory.ts'
import { missingProof } from './resource-indicators.ts'
import { routes } from './routes.ts'
import { tokenAliasPath } from './token-alias.ts'

/** A form in the shape that the library takes over from an earlier parser. */
export function toLibraryBody(form: URLSearchParams): Record<string, string | string[]> {
  const body: Record<string, string | string[]> = {}
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name)
    body[name] = values.length === 1 ? (values[0] ?? '') : values
  }
  return body
}

/** Routes the alias of the token endpoint and gives the resource its canonical spelling. */
export function completeTokenRequest(directory: ResourceDirectory): Koa.Middleware<RequestState> {
  return async (ctx, next) => {
    if (ctx.path === tokenAliasPath) ctx.path = routes.token
    if (ctx.path !== routes.token || ctx.method !== 'POST') return next()
    const form = await readForm(ctx.req)
    const asked = form.getAll('resource')
    if (asked.length > 0) {
      form.delete('resource')
      const known = await Promise.all(asked.map((uri) => directory.resolve(uri)))
      // Before the library looks: it would use up the code or refresh token first.
      if (!ctx.get('DPoP') && known.some((resource) => resource?.dpop === 'required')) {
        throw new HttpProblem(400, missingProof, { error: 'invalid_dpop_proof' })
      }
      const canonical = known.map((resource, i) => resource?.resource ?? asked[i] ?? '')
      for (const uri of new Set(canonical)) form.append('resource', uri)
    }
    Object.assign(ctx.req, { body: toLibraryBody(form) })
    return next()
  }
}
