import { parseTemplate, type RevocationRequest, revocationSlots } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { saysGone } from './gone-answer.ts'
import type { TokenFetch } from './token-fetch.ts'

/** What a provider's own request for revocation is filled with. */
export interface RevocationValues {
  readonly token: string
  readonly client_id: string
  /** Empty for a client without one. */
  readonly client_secret: string
}

/**
 * Has a provider end a token in its own way. `gone` means that it says the token is over or dead.
 *
 * @throws EnclaveError `DOWNSTREAM_*`, `TOKEN_REFUSED`
 */
export async function requestRevocation(
  request: RevocationRequest,
  values: RevocationValues,
  fetch: TokenFetch,
): Promise<'revoked' | 'gone'> {
  const { method, body, gone = {} } = request
  const response = await fetch(revocationUrl(request.url, values), {
    method,
    headers: {
      accept: 'application/json',
      ...filledFields(request.headers ?? {}, values),
      ...authorizationOf(request, values),
      ...(body && { 'content-type': contentTypes[body.format] }),
    },
    body: body && writeBody(body.format, filledFields(body.fields, values)),
    redirect: 'manual',
  })
  if (response.ok) return 'revoked'
  if (await saysGone(response, gone)) return 'gone'
  if (response.status === 401 && request.authentication === 'token') return 'gone'
  throw new EnclaveError('TOKEN_REFUSED', 'the provider does not end the token')
}

const contentTypes = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
} as const

function writeBody(format: 'json' | 'form', fields: Readonly<Record<string, string>>): string {
  return format === 'json' ? JSON.stringify(fields) : new URLSearchParams(fields).toString()
}

function authorizationOf(
  { authentication }: RevocationRequest,
  { token, client_id, client_secret }: RevocationValues,
): Record<string, string> {
  if (authentication === 'none') return {}
  if (authentication === 'token') return { authorization: `Bearer ${token}` }
  const pair = Buffer.from(`${client_id}:${client_secret}`)
  return { authorization: `Basic ${pair.toString('base64')}` }
}

const filled = (
  template: string,
  values: RevocationValues,
  spell: (text: string) => string = (text) => text,
): string =>
  parseTemplate(template, revocationSlots)
    .map((part) =>
      'text' in part ? part.text : spell(values[part.slot as keyof RevocationValues]),
    )
    .join('')

const filledFields = (
  fields: Readonly<Record<string, string>>,
  values: RevocationValues,
): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, filled(text, values)]))

/** A token can change neither host nor path: it stands in one segment, and is never a dot segment. */
function revocationUrl(template: string, values: RevocationValues): string {
  const url = filled(template, values, encodeURIComponent)
  if (!/\/\.{1,2}(?:[/?]|$)/.test(url)) return url
  throw new EnclaveError('TOKEN_REFUSED', 'the token cannot stand in the revocation URL')
}
