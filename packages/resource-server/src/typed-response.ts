import type { DispatchBody, HttpResponse } from '@holdfast/protocol/dispatch'
import { DispatchError } from './dispatch-error.ts'

/** A schema of any library that follows Standard Schema, such as Zod, Valibot or ArkType. */
export interface BodySchema<Body> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult<Body> | Promise<SchemaResult<Body>>
  }
}

/** What a {@link BodySchema} says about a value. */
export type SchemaResult<Body> =
  | { readonly value: Body; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** An upstream's answer whose 2xx body was checked. */
export type TypedResponse<Body> = Omit<HttpResponse, 'body'> &
  ({ readonly ok: true; readonly body: Body } | { readonly ok: false; readonly body: DispatchBody })

/** Checks the body of a 2xx answer. @throws DispatchError `UNEXPECTED_RESPONSE` */
export async function typedResponse<Body>(
  response: HttpResponse,
  schema: BodySchema<Body>,
): Promise<TypedResponse<Body>> {
  if (response.status < 200 || response.status > 299) return { ...response, ok: false }
  const checked = await schema['~standard'].validate(response.body)
  if (checked.issues === undefined) return { ...response, ok: true, body: checked.value }
  // Issues may quote the body, which is the user's data and no part of a message.
  throw new DispatchError('UNEXPECTED_RESPONSE', 'the upstream answered in an unexpected form')
}
