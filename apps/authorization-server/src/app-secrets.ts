import { randomBytes } from 'node:crypto'
import type { Storage } from '@holdfast/storage'

/** Secrets of the pages and of the OAuth endpoints; every process of an installation has the same. */
export interface AppSecrets {
  /** 32 bytes; signs cookies and form tokens. */
  readonly cookieKey: Uint8Array
  /** 32 bytes, from which DPoP nonces are derived. */
  readonly nonceSecret: Uint8Array
}

/** Made at the first start. */
export async function loadAppSecrets({ settings }: Pick<Storage, 'settings'>): Promise<AppSecrets> {
  return {
    cookieKey: await settings.secretOrElse('cookie-key', randomBytes(32)),
    nonceSecret: await settings.secretOrElse('dpop-nonce-key', randomBytes(32)),
  }
}
