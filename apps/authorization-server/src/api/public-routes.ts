import { EnclaveError } from '@holdfast/protocol/channel'
import { Router } from '@koa/router'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { ApiProblem, problemCodes, problemDocument } from './problem.ts'
import { type SealingKeys, sealingKeysMaxAgeSeconds } from './sealing-keys.ts'

/** Path of the published sealing keys. */
export const sealingKeysPath = '/.well-known/holdfast-sealing-keys.json'

/** What anybody may ask: the keys to seal to, and whether this server works. */
export function publicRoutes(
  { enclave }: Pick<AppContext, 'enclave'>,
  sealingKeys: SealingKeys,
): Koa.Middleware<RequestState> {
  const router = new Router<RequestState>()

  router.get(sealingKeysPath, async (koa) => {
    koa.set('Access-Control-Allow-Origin', '*')
    koa.set('Cross-Origin-Resource-Policy', 'cross-origin')
    try {
      koa.body = (await sealingKeys.current()).key_set
      koa.set('Cache-Control', `public, max-age=${sealingKeysMaxAgeSeconds}`)
    } catch (error) {
      if (!(error instanceof EnclaveError)) throw error
      const problem = new ApiProblem('ENCLAVE_UNAVAILABLE', 'the enclave does not tell its keys')
      koa.status = problemCodes[problem.code][0]
      koa.body = problemDocument(problem, koa.state.requestId)
      koa.type = 'application/problem+json'
    }
  })

  router.get('/healthz', async (koa) => {
    const isReachable = await enclave.isReachable()
    koa.set('Cache-Control', 'no-store')
    koa.body = { status: isReachable ? 'ok' : 'degraded' }
  })

  return asMiddleware(router)
}

/** A router as plain middleware; it brings along what its handlers find in the context. */
export const asMiddleware = (router: Router<RequestState>): Koa.Middleware<RequestState> =>
  router.routes() as unknown as Koa.Middleware<RequestState>
