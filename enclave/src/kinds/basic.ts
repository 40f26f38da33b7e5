import { base64Bytes, joinSecret } from '../secret-bytes.ts'
import type { CredentialInjector, KindOf } from './injector.ts'

const colon = 0x3a
const nothing = new Uint8Array()

/** User name and password, of which one may be empty. @see {@link https://www.rfc-editor.org/rfc/rfc7617#section-2} */
export const basicInjector: CredentialInjector<KindOf<'basic'>> = {
  plan(_kind, { username = nothing, password = nothing }) {
    const pair = joinSecret(username, Buffer.of(colon), password)
    const encoded = base64Bytes(pair)
    try {
      const value = joinSecret('Basic ', encoded)
      const place = { in: 'header', name: 'authorization', template: '' } as const
      // Services echo `Basic …` with and without its scheme.
      return { values: [{ place, value }], alsoScrub: [value.subarray('Basic '.length)] }
    } finally {
      pair.fill(0)
      encoded.fill(0)
    }
  },
  fault: (_kind, { username }) =>
    username?.includes(colon) ? 'a user name for basic must not hold a colon' : undefined,
}
