import type { JsonObject } from '@holdfast/storage'
import { parseStrictJson, StrictJsonError } from '../../dispatch/strict-json.ts'
import { isDeeper } from '../dynamic/read-metadata.ts'
import { RegistrationError } from '../errors.ts'
import { acceptMetadata } from '../self-service-metadata.ts'

/** Largest document. */
export const maxDocumentBytes = 5 * 1024

const maxDepth = 8

/** A document that was understood. */
export interface ReadDocument {
  /** As it was sent. */
  readonly text: string
  /** What this server makes of it, with `client_id`. */
  readonly metadata: JsonObject
}

/** How clients with documents authenticate: a document is public and can hold no secret. */
export const documentAuthMethods: readonly string[] = ['none', 'private_key_jwt']

/**
 * Reads a client id metadata document.
 *
 * @param issuer - origin of this server
 * @throws RegistrationError that names the field
 * @see draft-ietf-oauth-client-id-metadata-document section 4
 */
export function readDocument(clientId: string, bytes: Uint8Array, issuer: string): ReadDocument {
  if (bytes.length > maxDocumentBytes) throw invalid(`it is larger than ${maxDocumentBytes} bytes`)
  const { text, value } = parse(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('it is not a JSON object')
  }
  const document = value as Record<string, unknown>
  if (document['client_id'] !== clientId) {
    throw invalid('client_id: is not the address of the document', '/client_id')
  }
  for (const field of ['client_secret', 'client_secret_expires_at']) {
    if (field in document)
      throw invalid(`${field}: must not stand in a public document`, `/${field}`)
  }
  return {
    text,
    metadata: {
      ...acceptMetadata(document, { authMethods: documentAuthMethods, issuer }),
      client_id: clientId,
    },
  }
}

const invalid = (message: string, pointer?: string): RegistrationError =>
  new RegistrationError('invalid_client_metadata', message, pointer)

function parse(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const parsed = parseStrictJson(bytes)
    if (isDeeper(parsed.value, maxDepth)) throw new StrictJsonError('too deeply nested')
    return parsed
  } catch (error) {
    if (error instanceof StrictJsonError) throw invalid(error.message)
    throw error
  }
}
