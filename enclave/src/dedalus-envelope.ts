import {
  type CredentialKind,
  encodeEnvelope,
  ProtocolError,
  type RecordContext,
} from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { z } from 'zod'

const metadataSchema = z.looseObject({ base_url: z.string().optional() }).nullish()

const plaintextSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('api_key'),
    api_key: z.string(),
    header_name: z.string(),
    header_template: z.string(),
    provider_metadata: metadataSchema,
  }),
  z.object({
    type: z.literal('oauth2'),
    access_token: z.string(),
    token_type: z.string().regex(/^[A-Za-z][A-Za-z0-9._~-]{0,63}$/),
    provider_metadata: metadataSchema,
  }),
])

interface Credential {
  readonly kind: CredentialKind
  readonly field: string
  readonly secret: Uint8Array
  readonly baseUrl: string | undefined
}

/**
 * Turns the plaintext of a Dedalus envelope into an encoded envelope of ours, bound to what the upload
 * says: the form itself carries no binding. The result is the caller's to wipe.
 *
 * @throws EnclaveError `INVALID_ENVELOPE`
 */
export function convertDedalusPlaintext(
  plaintext: Uint8Array,
  upload: {
    readonly context: RecordContext
    readonly baseUrl: string
    readonly nonce: string
    readonly nowSeconds: number
  },
): Uint8Array {
  const { kind, field, secret, baseUrl } = parseWithStrings(plaintext)
  const { handle, owner, provider, allowed_hosts } = upload.context
  try {
    return encodeEnvelope({
      header: {
        credential: kind,
        base_url: baseUrl ?? upload.baseUrl,
        binding: {
          handle,
          owner,
          provider,
          allowed_hosts,
          upload_nonce: upload.nonce,
          created_at: upload.nowSeconds,
          pins: {},
        },
      },
      secrets: { [field]: secret },
    })
  } catch (error) {
    if (error instanceof ProtocolError) throw new EnclaveError('INVALID_ENVELOPE', error.message)
    throw error
  } finally {
    secret.fill(0)
  }
}

/**
 * The one place where a secret becomes a JavaScript string, which nothing can wipe: this form keeps
 * the secret inside its JSON. It happens once per upload, never at dispatch.
 */
function parseWithStrings(plaintext: Uint8Array): Credential {
  const parsed = plaintextSchema.safeParse(parseJson(plaintext))
  if (!parsed.success) {
    // Without zod's text, which may quote its input.
    throw new EnclaveError(
      'INVALID_ENVELOPE',
      'the envelope must hold a credential of type api_key or oauth2 with all its fields',
    )
  }
  const { data } = parsed
  const baseUrl = data.provider_metadata?.base_url
  if (data.type === 'api_key') {
    const { header_name, header_template, api_key } = data
    return {
      kind: { kind: 'api_key', header_name, header_template },
      field: 'api_key',
      secret: Buffer.from(api_key),
      baseUrl,
    }
  }
  const secret = Buffer.from(data.access_token)
  return data.token_type.toLowerCase() === 'bearer'
    ? { kind: { kind: 'bearer' }, field: 'token', secret, baseUrl }
    : {
        kind: {
          kind: 'api_key',
          header_name: 'Authorization',
          header_template: `${data.token_type} {api_key}`,
        },
        field: 'api_key',
        secret,
        baseUrl,
      }
}

function parseJson(plaintext: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length).toString(),
    )
  } catch {
    return undefined
  }
}
