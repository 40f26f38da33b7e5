import type { CredentialKind } from '@holdfast/protocol'
import { joinSecret } from '../secret-bytes.ts'
import type { CredentialInjector } from './injector.ts'

/** A bearer token. @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1} */
export const bearerInjector: CredentialInjector<Extract<CredentialKind, { kind: 'bearer' }>> = {
  inject: (_kind, { token = new Uint8Array() }) => ({
    name: 'authorization',
    value: joinSecret(Buffer.from('Bearer '), token),
  }),
}
