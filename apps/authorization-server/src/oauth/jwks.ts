import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'

const keysMaxAgeMs = 5000

/**
 * Serves the public keys: those that sign tokens, then the enclave's RSA keys (`use: "enc"`) to
 * which Dedalus clients encrypt, current first. While the enclave is away, its last known keys stay.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5}
 */
export function serveJwks(
  ctx: Pick<AppContext, 'keystore' | 'enclave' | 'logger' | 'clock'>,
): Koa.Middleware<RequestState> {
  let encryptionKeys: readonly Record<string, unknown>[] = []
  let askAgainAtMs = 0

  async function refreshEncryptionKeys(): Promise<void> {
    if (ctx.clock() < askAgainAtMs) return
    // At most this often: Dedalus clients read the key set before every request.
    askAgainAtMs = ctx.clock() + keysMaxAgeMs
    try {
      encryptionKeys = (await ctx.enclave.keys()).enc_jwks
    } catch (error) {
      askAgainAtMs = 0
      ctx.logger.debug({ err: error }, 'the enclave did not tell its encryption keys')
    }
  }

  return async (koa, next) => {
    if (koa.method !== 'GET' && koa.method !== 'HEAD') return next()
    await refreshEncryptionKeys()
    koa.set('Access-Control-Allow-Origin', '*')
    koa.set('Cross-Origin-Resource-Policy', 'cross-origin')
    koa.set('Cache-Control', 'public, max-age=15')
    koa.type = 'application/json'
    koa.body = JSON.stringify({
      keys: [...ctx.keystore.keys().map(({ publicJwk }) => publicJwk), ...encryptionKeys],
    })
    return undefined
  }
}
