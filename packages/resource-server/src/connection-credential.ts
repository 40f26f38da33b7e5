import {
  type CredentialKind,
  credentialKindSchema,
  isCredentialHeader,
  secretFieldsOf,
} from '@holdfast/protocol/credential'
import type { ConnectionOptions } from './connection.ts'

/** The one secret field of a credential that has no other. */
export function onlyField(credential: CredentialKind): string | undefined {
  const { required, optional } = secretFieldsOf(credential)
  return required.length + optional.length === 1 ? (required[0] ?? optional[0]) : undefined
}

/**
 * How a connection's secrets are injected, and that its fields are those of the credential.
 *
 * @throws TypeError
 */
export function readCredential(options: ConnectionOptions): CredentialKind {
  const { headerName, headerTemplate, secrets } = options
  if (options.credential !== undefined && (headerName ?? headerTemplate) !== undefined) {
    throw new TypeError('give either credential, or headerName and headerTemplate')
  }
  const parsed = credentialKindSchema.safeParse(
    options.credential ?? {
      kind: 'api_key',
      header_name: headerName ?? 'Authorization',
      header_template: headerTemplate ?? 'Bearer {api_key}',
    },
  )
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new TypeError(`${['credential', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`)
  }
  const credential = parsed.data
  const refused = headersOf(credential).find((header) => !isCredentialHeader(header))
  if (refused !== undefined) throw new TypeError(`the header ${refused} cannot carry a secret`)
  requireFields(credential, Object.keys(secrets))
  return Object.freeze(credential)
}

function requireFields(credential: CredentialKind, named: readonly string[]): void {
  if (named.length === 0) throw new TypeError('name at least one secret')
  if (onlyField(credential) !== undefined) return
  const { required, optional } = secretFieldsOf(credential)
  const fields = [...required, ...optional]
  const unknown = named.find((field) => !fields.includes(field))
  if (unknown !== undefined) {
    throw new TypeError(`${credential.kind} takes the secrets ${fields.join(', ')}, not ${unknown}`)
  }
  const missing = required.find((field) => !named.includes(field))
  if (missing !== undefined) throw new TypeError(`${credential.kind} needs the secret ${missing}`)
}

function headersOf(credential: CredentialKind): readonly string[] {
  if ('header_name' in credential) return [credential.header_name]
  const places = 'inject' in credential ? (credential.inject ?? []) : []
  return places.flatMap((place) => (place.in === 'header' ? [place.name] : []))
}
