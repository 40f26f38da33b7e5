import { z } from 'zod'
import { templateText, tokenName } from './credential-place.ts'
import { templateSlots } from './credential-template.ts'
import { isEndpoint } from './token-endpoint.ts'

/** What a request for revocation may be made of. */
export const revocationSlots = ['token', 'client_id', 'client_secret'] as const

const known: ReadonlySet<string> = new Set(revocationSlots)
const isKnown = (template: string): boolean =>
  templateSlots(template).every((slot) => known.has(slot))
const unknownSlot = { message: `a template may use {${revocationSlots.join('}, {')}}` }

/** An https URL whose path or query may hold `{token}` and `{client_id}`; its host never does. */
const url = z
  .string()
  .max(2048)
  .refine((text) => {
    const slots = templateSlots(text)
    const filled = text.replaceAll('{token}', 'x').replaceAll('{client_id}', 'x')
    const isHostFixed = !/^https:\/\/[^/?]*\{/.test(text)
    return isHostFixed && !slots.includes('client_secret') && isEndpoint(filled)
  }, 'a revocation URL is an https URL; its path may hold {token} and {client_id}')

/** Headers that HTTP or the body fills, and cookies. */
const filledOtherwise: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const template = templateText.refine(isKnown, unknownSlot)

/** Answers that say that a token is over or dead. */
export const goneAnswersSchema = z.strictObject({
  statuses: z.array(z.int().min(400).max(499)).max(8).optional(),
  /** Texts of a member `error` or `status`. */
  errors: z
    .array(z.string().regex(/^[A-Za-z0-9_]{1,64}$/))
    .max(16)
    .optional(),
})

/** Answers that say that a token is over or dead. */
export type GoneAnswers = z.infer<typeof goneAnswersSchema>

/** The form of {@link RevocationRequest} with URLs of another form, such as a catalog's with variables. */
export const revocationRequestOf = <Url extends z.ZodType<string>>(url: Url) =>
  z
    .strictObject({
      method: z.enum(['POST', 'DELETE']),
      url,
      /** Which token is ended. Default: the refresh token where there is one, else the access token. */
      token: z.enum(['access_token', 'refresh_token']).optional(),
      /** Who asks: the token by itself (bearer), the client with its secret (HTTP basic), or nobody. */
      authentication: z.enum(['token', 'client', 'none']),
      /** Further headers, such as the version of an API. */
      headers: z.record(tokenName, template).optional(),
      body: z
        .strictObject({
          format: z.enum(['json', 'form']),
          fields: z.record(z.string().regex(/^[A-Za-z0-9_]{1,64}$/), template),
        })
        .optional(),
      /** Answers that say that the token is over or dead, beside 401 to the token itself. */
      gone: goneAnswersSchema.optional(),
    })
    .refine(({ headers = {}, authentication }) => {
      const names = Object.keys(headers).map((name) => name.toLowerCase())
      const isTwice = authentication !== 'none' && names.includes('authorization')
      return !isTwice && !names.some((name) => filledOtherwise.has(name))
    }, 'a header of the request is filled otherwise')

/**
 * The request that ends tokens at a provider that does not speak RFC 7009. The token goes where a
 * template says `{token}`; with `authentication: token` it is sent as bearer token as well.
 */
export const revocationRequestSchema = revocationRequestOf(url)

/** How a provider ends tokens that does not speak RFC 7009. */
export type RevocationRequest = z.infer<typeof revocationRequestSchema>
