import { type CredentialEnvelope, type CredentialKind, secretFieldsOf } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { tokenInjectors } from './access-token.ts'
import { apiKeyInjector } from './api-key.ts'
import { awsSigV4Injector } from './aws-sigv4.ts'
import { basicInjector } from './basic.ts'
import { bearerInjector } from './bearer.ts'
import { fieldsInjector } from './fields.ts'
import { hmacInjector } from './hmac.ts'
import type { CredentialInjector, InjectionPlan, KindOf } from './injector.ts'
import { mtlsInjector } from './mtls.ts'

const injectors: {
  readonly [Name in CredentialKind['kind']]: CredentialInjector<KindOf<Name>>
} = {
  api_key: apiKeyInjector,
  bearer: bearerInjector,
  basic: basicInjector,
  fields: fieldsInjector,
  hmac: hmacInjector,
  aws_sigv4: awsSigV4Injector,
  mtls: mtlsInjector,
  ...tokenInjectors,
}

const injectorOf = (credential: CredentialKind): CredentialInjector => injectors[credential.kind]

/** What a credential does to a request. Whoever carries it out wipes its values. */
export const planInjection = ({ header, secrets }: CredentialEnvelope): InjectionPlan =>
  injectorOf(header.credential).plan(header.credential, secrets)

/**
 * Checks at upload what would otherwise fail at first use.
 *
 * @throws EnclaveError `INVALID_ENVELOPE`, with what to do about it
 */
export function requireInjectable({ header, secrets }: CredentialEnvelope): void {
  const { credential } = header
  const refuse = (why: string): never => {
    throw new EnclaveError('INVALID_ENVELOPE', why)
  }
  const { multiline = [] } = secretFieldsOf(credential)
  const isControl = (byte: number): boolean => (byte < 0x20 && byte !== 0x09) || byte === 0x7f
  for (const [name, secret] of Object.entries(secrets)) {
    if (!multiline.includes(name) && secret.some(isControl)) {
      refuse('a secret field holds a control character')
    }
  }
  const fault = injectorOf(credential).fault?.(credential, secrets)
  if (fault) refuse(fault)
}
