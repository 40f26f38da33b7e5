import { z } from 'zod'
import { templateSlots } from './credential-template.ts'

/** A header or cookie name. @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2} */
export const tokenName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, 'not a header name')

/** Name of a query parameter or body field; without brackets, which some servers read as nesting. */
export const parameterName = z
  .string()
  .regex(/^[A-Za-z0-9_.~$:@-]{1,128}$/, 'a parameter name holds letters, digits and _ . ~ $ : @ -')

/** Name of a secret field that the sealer chose. */
export const secretFieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'a secret field is named in lower case, such as app_key')

/** Text with `{slot}`s. */
export const templateText = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x20-\x7e]*$/, 'a template is printable ASCII')

const pathText = /^(?:[A-Za-z0-9\-._~!$'()*,:@]|\{[a-z][a-z0-9_]*\})+$/

/** Whole segments such as `/bot{token}`; or one without a slash, where a segment of the caller is replaced. */
export function isPathTemplate(template: string, segment: number | undefined): boolean {
  if (segment !== undefined) return pathText.test(template)
  const [empty, ...segments] = template.split('/')
  const isSegment = (text: string): boolean => pathText.test(text) && !/^\.{1,2}$/.test(text)
  return empty === '' && segments.every(isSegment)
}

/** Why a path template is refused. */
export const pathTemplateMessage =
  'a path template is made of whole segments, such as /bot{token}; with a segment number it is that segment, such as {token}'

/** Which segment of the caller's path is replaced, counted from 1. */
export const segmentNumber = z.int().min(1).max(32)

/** How the body that gets a field is written. */
export const bodyFormat = z.enum(['json', 'form'])

/**
 * Where a value made of secret fields goes in a request.
 *
 * A place in the path is either put between the base URL and the caller's path, or, with `segment`,
 * replaces that segment of the caller's path, which must be the template itself: the caller sees where
 * the secret goes and cannot choose it.
 */
export const injectionSchema = z.discriminatedUnion('in', [
  z.strictObject({ in: z.literal('header'), name: tokenName, template: templateText }),
  z.strictObject({ in: z.literal('query'), name: parameterName, template: templateText }),
  z.strictObject({ in: z.literal('cookie'), name: tokenName, template: templateText }),
  z
    .strictObject({
      in: z.literal('path'),
      template: templateText,
      segment: segmentNumber.optional(),
    })
    .refine(({ template, segment }) => isPathTemplate(template, segment), pathTemplateMessage),
  z.strictObject({
    in: z.literal('body'),
    format: bodyFormat,
    name: parameterName,
    template: templateText,
  }),
])

/** Where a value made of secret fields goes in a request. */
export type Injection = z.infer<typeof injectionSchema>

/** Several injections over several secret fields, as far as one can be checked without the other. */
export const injectionsSchema = z.array(injectionSchema).min(1).max(8)

/** Names of secret fields, each once. */
export const secretFieldNames = z
  .array(secretFieldName)
  .min(1)
  .max(6)
  .refine((names) => new Set(names).size === names.length, {
    message: 'a secret field is named twice',
  })

/** What is wrong with injections over the given fields; `undefined` when nothing is. */
export function injectionFault(
  fields: readonly string[],
  injections: readonly Injection[],
): string | undefined {
  const used = injections.flatMap(({ template }) => templateSlots(template))
  if (used.some((slot) => !fields.includes(slot))) {
    return 'a template names a secret field that is not declared'
  }
  if (fields.some((field) => !used.includes(field))) return 'a secret field is used by no template'
  if (injections.some(({ template }) => templateSlots(template).length === 0)) {
    return 'a template holds no secret field'
  }
  const places = injections.map(placeOf)
  if (new Set(places).size !== places.length) return 'two injections fill the same place'
  const formats = new Set(injections.flatMap((one) => (one.in === 'body' ? [one.format] : [])))
  return formats.size > 1 ? 'a body cannot be JSON and a form at once' : undefined
}

function placeOf(injection: Injection): string {
  if (injection.in !== 'path') return `${injection.in} ${injection.name.toLowerCase()}`
  return `path ${injection.segment ?? 0}`
}
