import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { readFormText } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import type { ResourceDirectory } from './resource-directory.ts'
import { missingProof } from './resource-indicators.ts'
import { routes } from './routes.ts'
import { tokenAliasPath } from './token-alias.ts'

/** Routes the alias of the token endpoint and gives the resource its canonical spelling. */
export function completeTokenRequest(directory: ResourceDirectory): Koa.Middleware<RequestState> {
  return async (ctx, next) => {
    if (ctx.path === tokenAliasPath) ctx.path = routes.token
    if (ctx.path !== routes.token || ctx.method !== 'POST') return next()
    const text = await readFormText(ctx.req)
    const body = text.includes('resource=')
      ? await withCanonicalResource(directory, text, ctx.get('DPoP') !== '')
      : text
    // The library takes over a body that was read already, and parses it itself.
    Object.assign(ctx.req, { body: body === '' ? {} : body })
    return next()
  }
}

async function withCanonicalResource(
  directory: ResourceDirectory,
  text: string,
  hasProof: boolean,
): Promise<string> {
  const form = new URLSearchParams(text)
  const asked = form.getAll('resource')
  const known = await Promise.all(asked.map((uri) => directory.resolve(uri)))
  // Before the library looks: it would use up the code or refresh token first.
  if (!hasProof && known.some((resource) => resource?.dpop === 'required')) {
    throw new HttpProblem(400, missingProof, { error: 'invalid_dpop_proof' })
  }
  const canonical = known.map((resource, i) => resource?.resource ?? asked[i] ?? '')
  if (canonical.length === 1 && canonical[0] === asked[0]) return text
  form.delete('resource')
  for (const uri of new Set(canonical)) form.append('resource', uri)
  return form.toString()
}
