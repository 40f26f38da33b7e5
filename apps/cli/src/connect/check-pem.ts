import { createPrivateKey, X509Certificate } from 'node:crypto'
import { wrongKey } from './check-key.ts'
import { jsonObject } from '../json-object.ts'

const readers = {
  certificate: (text: string) => new X509Certificate(text),
  private_key: (text: string) => createPrivateKey(text),
}

/**
 * Refuses what the enclave could not read as PEM, before it is sealed.
 *
 * @throws CliError `WRONG_KEY`; never with any part of the text
 */
export function requirePem(name: string, text: string): void {
  if (typeof jsonObject(text)?.['private_key'] === 'string') {
    throw wrongKey(
      'this is a whole key file in JSON; only its private_key is sealed',
      'pipe it in alone: jq -r .private_key key.json | holdfast connections add … --secret-stdin. Its client_email is the issuer',
    )
  }
  if (text.includes('ENCRYPTED')) {
    throw wrongKey(
      `${name} is locked by a password`,
      'unlock it first, for example by openssl pkey',
    )
  }
  try {
    readers[name === 'certificate' ? 'certificate' : 'private_key'](text)
  } catch {
    throw wrongKey(
      `${name} is not PEM`,
      'give the whole file, from -----BEGIN to -----END, with its line breaks',
    )
  }
}
