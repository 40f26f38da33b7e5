import { z } from 'zod'
import { parameterName, templateText, tokenName } from './credential-place.ts'
import { templateSlots } from './credential-template.ts'

/** What a string to sign may be made of. */
export const hmacSlots = [
  'method',
  'host',
  'path',
  'query',
  'target',
  'body',
  'body_sha256',
  'body_sha256_base64',
  'timestamp',
  'nonce',
  'key_id',
] as const

const signatureSlots = ['signature', 'timestamp', 'nonce', 'key_id'] as const

const place = z.discriminatedUnion('in', [
  z.strictObject({ in: z.literal('header'), name: tokenName, template: templateText.optional() }),
  z.strictObject({
    in: z.literal('query'),
    name: parameterName,
    template: templateText.optional(),
  }),
])

/** Where a part of a signature goes. `template` has the part itself as its slot. */
export type SignaturePlace = z.infer<typeof place>

/** How a request is signed with a shared secret. Secret fields: `secret`, and `key_id` where it is used. */
export const hmacKindSchema = z
  .strictObject({
    kind: z.literal('hmac'),
    /** SHA-1 is for old services that know nothing else. */
    algorithm: z.enum(['sha256', 'sha512', 'sha1-legacy']),
    /** How the signature is written. */
    encoding: z.enum(['hex', 'base64', 'base64url']),
    /** How the sealed secret is written: the key is its bytes (default), or what it decodes to. */
    key_encoding: z.enum(['text', 'base64', 'hex']).optional(),
    /**
     * What is signed. `{path}` and `{query}` are as sent, with all that the credential adds but the
     * signature; `{target}` is both with their `?`; `{body_sha256}` is hexadecimal.
     */
    string_to_sign: z
      .string()
      .min(1)
      .max(2048)
      .regex(/^[\x20-\x7e\n]*$/, 'a string to sign is printable ASCII and line feeds'),
    signature: place,
    timestamp: place.optional(),
    /** Default: Unix seconds. */
    timestamp_format: z.enum(['unix', 'unix_ms', 'iso8601', 'http_date']).optional(),
    nonce: place.optional(),
    key_id: place.optional(),
  })
  .superRefine((kind, context) => {
    const fault = hmacFault(kind)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

type HmacKind = z.infer<typeof hmacKindSchema>

function hmacFault(kind: HmacKind): string | undefined {
  const signed = templateSlots(kind.string_to_sign)
  const signature = templateSlots(kind.signature.template ?? '{signature}')
  const isIn = (names: readonly string[]) => (name: string) => names.includes(name)
  if (!signed.every(isIn(hmacSlots))) {
    return `string_to_sign may use {${hmacSlots.join('}, {')}}`
  }
  if (!signature.every(isIn(signatureSlots)) || !signature.includes('signature')) {
    return 'the signature’s template must contain {signature}'
  }
  for (const name of ['timestamp', 'nonce', 'key_id'] as const) {
    const own = kind[name]
    if (own && templateSlots(own.template ?? `{${name}}`).join() !== name) {
      return `the ${name}’s template must contain {${name}} and nothing else`
    }
    if (name !== 'key_id' && signed.includes(name) && !own && !signature.includes(name)) {
      return `string_to_sign uses {${name}}, so the request must say it: give ${name} a place`
    }
  }
  const places = [kind.signature, kind.timestamp, kind.nonce, kind.key_id].flatMap((one) =>
    one ? [`${one.in} ${one.name.toLowerCase()}`] : [],
  )
  return new Set(places).size === places.length ? undefined : 'two parts fill the same place'
}

/** Tells whether an HMAC credential has a `key_id`. */
export function usesKeyId(kind: HmacKind): boolean {
  const templates = [kind.string_to_sign, kind.signature.template ?? '']
  return kind.key_id !== undefined || templates.some((one) => templateSlots(one).includes('key_id'))
}
