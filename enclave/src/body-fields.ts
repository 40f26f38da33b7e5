import { EnclaveError } from '@holdfast/protocol/channel'
import { parameterForm, parameterForms } from './parameter-names.ts'
import { joinSecret } from './secret-bytes.ts'

/** How a body that gets a field is written. */
export type BodyFormat = 'json' | 'form'

const mediaTypes: Readonly<
  Record<BodyFormat, { readonly type: string; readonly pattern: RegExp }>
> = {
  json: {
    type: 'application/json',
    pattern: /^application\/(?:[a-z0-9.-]+\+)?json(?:\s*;\s*charset="?utf-8"?)?$/i,
  },
  form: {
    type: 'application/x-www-form-urlencoded',
    pattern: /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i,
  },
}

/**
 * The content type to send with a body that the credential writes into.
 *
 * @throws EnclaveError `INVALID_REQUEST` when the caller says that the body is something else
 */
export function bodyContentType(format: BodyFormat, named: string | undefined): string {
  const { type, pattern } = mediaTypes[format]
  if (named === undefined) return type
  if (pattern.test(named.trim())) return named
  throw new EnclaveError(
    'INVALID_REQUEST',
    `the credential goes into the body, so the content-type must be ${type} in UTF-8`,
  )
}

/**
 * The forms of the names that a caller's body fills, each of which a lenient server may take for the
 * credential's.
 *
 * @throws EnclaveError `INVALID_REQUEST` for a body that no field can be added to
 */
export function bodyFieldForms(format: BodyFormat, body: Uint8Array | undefined): Set<string> {
  if (!body || body.length === 0) return new Set()
  return format === 'json' ? jsonForms(body) : formForms(body)
}

function jsonForms(body: Uint8Array): Set<string> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EnclaveError(
      'INVALID_REQUEST',
      'the credential goes into the body, which must be a JSON object',
    )
  }
  return new Set(Object.keys(value).map(parameterForm))
}

function formForms(body: Uint8Array): Set<string> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  if (!/^[\x21-\x7e]*$/.test(text) || /%(?![0-9a-f]{2})/i.test(text)) {
    throw new EnclaveError(
      'INVALID_REQUEST',
      'the credential goes into the body, which must be a form: name=value pairs, percent-encoded',
    )
  }
  return parameterForms(text)
}

const braceOpen = 0x7b
const braceClose = 0x7d
const space = 0x20

/**
 * A body with one more field, in a buffer of its own that the caller wipes.
 *
 * @param body - what {@link bodyFieldForms} accepted
 * @param value - the field's value as it stands in such a body
 */
export function withBodyField(
  format: BodyFormat,
  body: Uint8Array | undefined,
  field: { readonly name: string; readonly value: Uint8Array },
): Buffer {
  const before = body ?? new Uint8Array()
  if (format === 'form') {
    const start = before.length === 0 ? '' : '&'
    const name = Buffer.from(`${start}${encodeURIComponent(field.name)}=`)
    return joinSecret(before, name, field.value)
  }
  const name = Buffer.from(`{${JSON.stringify(field.name)}:`)
  if (before.length === 0) return joinSecret(name, field.value, Buffer.of(braceClose))
  const rest = before.subarray(before.indexOf(braceOpen) + 1)
  const isEmpty = rest.find((byte) => byte > space) === braceClose
  return joinSecret(name, field.value, Buffer.from(isEmpty ? '' : ','), rest)
}
