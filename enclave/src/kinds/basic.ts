import type { CredentialKind } from '@holdfast/protocol'
import { base64Bytes, joinSecret } from '../secret-bytes.ts'
import type { CredentialInjector } from './injector.ts'

/** User name and password. @see {@link https://www.rfc-editor.org/rfc/rfc7617#section-2} */
export const basicInjector: CredentialInjector<Extract<CredentialKind, { kind: 'basic' }>> = {
  inject(_kind, { username = new Uint8Array(), password = new Uint8Array() }) {
    const pair = joinSecret(username, Buffer.from(':'), password)
    const encoded = base64Bytes(pair)
    try {
      return { name: 'authorization', value: joinSecret(Buffer.from('Basic '), encoded) }
    } finally {
      pair.fill(0)
      encoded.fill(0)
    }
  },
}
