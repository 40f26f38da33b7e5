import { z } from 'zod'

/** Why a registration is refused; the first two are RFC 7591's own. */
export type RegistrationErrorCode =
  'invalid_redirect_uri' | 'invalid_client_metadata' | 'invalid_resource' | 'conflict' | 'not_found'

/** A refused registration; `message` says what is wrong with which field, never its value. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError'
  readonly code: RegistrationErrorCode
  /** JSON pointer to the field. */
  readonly pointer: string | undefined
  /** The command that helps. */
  readonly fix: string | undefined

  constructor(code: RegistrationErrorCode, message: string, pointer?: string, fix?: string) {
    super(message)
    this.code = code
    this.pointer = pointer
    this.fix = fix
  }
}

/** What helps whoever names a resource that is not registered. */
export const registerResourceFirst =
  'Register it with `holdfast resources add`; `holdfast resources list` shows how the others are named.'

/** @throws RegistrationError with the first problem of the input */
export function parseRegistration<Output>(
  schema: z.ZodType<Output>,
  input: unknown,
  code: RegistrationErrorCode,
): Output {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path ?? []
  const field = path.join('.') || 'the body'
  throw new RegistrationError(
    path[0] === 'redirect_uris' ? 'invalid_redirect_uri' : code,
    `${field}: ${issue?.message ?? 'is not valid'}`,
    path.map((part) => `/${String(part)}`).join(''),
  )
}

/** Text that is shown on the consent page: no control characters, nothing that reverses its direction. */
export const shownText = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((text) => !/[\p{Cc}\p{Bidi_Control}]/u.test(text), 'holds control characters')
