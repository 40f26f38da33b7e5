import { fillPlaces, placesFault } from './fill-places.ts'
import type { CredentialInjector, KindOf } from './injector.ts'

/** Several secret fields, such as an application's id and its key, each where its service wants it. */
export const fieldsInjector: CredentialInjector<KindOf<'fields'>> = {
  plan: ({ inject }, secrets) => ({ values: fillPlaces(inject, secrets) }),
  fault: ({ inject }, secrets) => placesFault(inject, secrets),
}
