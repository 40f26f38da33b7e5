import { randomBytes } from 'node:crypto'
import type { KoaContext } from '../../interaction/parts.ts'
import { type Html, sendPage } from '../../views/page.ts'

/**
 * The policy of the one page with a script. The script is the one whose tag carries this answer's
 * nonce; nothing can be made into script, no form can be sent, nothing leaves for another origin.
 */
const sealingPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    // libsodium is WebAssembly; this allows that and not eval().
    `script-src 'nonce-${nonce}' 'wasm-unsafe-eval'`,
    "style-src 'self'",
    "connect-src 'self'",
    // Should the script fail, the form must not send what was typed.
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')

/** Answers with the page on which a credential is sealed. */
export async function sendSealingPage(
  koa: KoaContext,
  make: (nonce: string) => Html,
): Promise<void> {
  const nonce = randomBytes(18).toString('base64url')
  koa.set('Content-Security-Policy', sealingPolicy(nonce))
  koa.set('Referrer-Policy', 'no-referrer')
  koa.set('Cross-Origin-Opener-Policy', 'same-origin')
  await sendPage(koa, 200, make(nonce))
}
