import { certificateFault } from '../client-certificate.ts'
import { fillPlaces, placesFault } from './fill-places.ts'
import type { CredentialInjector, KindOf, Secrets } from './injector.ts'

/**
 * A client certificate for the TLS handshake, with injections for services that want a token too.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2}
 */
export const mtlsInjector: CredentialInjector<KindOf<'mtls'>> = {
  plan: ({ inject = [] }, secrets) => ({
    values: fillPlaces(inject, secrets),
    clientCertificate: pemOf(secrets),
    // The handshake shows the certificate to anybody and the key to nobody.
    notSent: ['certificate', 'private_key'],
  }),
  fault: ({ inject = [] }, secrets) =>
    certificateFault(pemOf(secrets), Date.now()) ?? placesFault(inject, secrets),
}

const pemOf = ({
  certificate = new Uint8Array(),
  private_key: privateKey = new Uint8Array(),
}: Secrets) => ({ certificate, privateKey })
