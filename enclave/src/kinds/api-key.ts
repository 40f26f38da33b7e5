import { apiKeyInjection } from '@holdfast/protocol'
import { fillPlaces, placesFault } from './fill-places.ts'
import type { CredentialInjector, KindOf } from './injector.ts'

/** An API key in one place: every `{api_key}` of its template is the key, the rest is literal. */
export const apiKeyInjector: CredentialInjector<KindOf<'api_key'>> = {
  plan: (kind, secrets) => ({ values: fillPlaces([apiKeyInjection(kind)], secrets) }),
  fault: (kind, secrets) => placesFault([apiKeyInjection(kind)], secrets),
}
