import { fillPlaces, placesFault } from './fill-places.ts'
import type { CredentialInjector, KindOf } from './injector.ts'

const place = { in: 'header', name: 'authorization', template: 'Bearer {token}' } as const

/** A bearer token. @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1} */
export const bearerInjector: CredentialInjector<KindOf<'bearer'>> = {
  plan: (_kind, { token = new Uint8Array() }) => ({ values: fillPlaces([place], { token }) }),
  fault: (_kind, secrets) => placesFault([place], secrets),
}
