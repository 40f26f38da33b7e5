import type { AuthenticatedRequest } from './authenticated-request.ts'

/** An HTTP request as every binding hands it over. */
export interface ResourceRequest {
  readonly method: string
  /** Path and query as they came in, before any router cut off a prefix. */
  readonly target: string
  /** Every value of the named header, in lower case; more than one where the runtime tells. */
  readonly header: (name: string) => readonly string[]
}

/** A finished answer. */
export interface ResourceAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/**
 * What a binding must do: send the answer, or go on to the application and add the headers to what it
 * answers. `request` is undefined only for public paths.
 */
export type Decision =
  | {
      readonly answer: ResourceAnswer
      /** Why the request was refused, when it was. */
      readonly error?: unknown
    }
  | {
      readonly answer?: undefined
      readonly headers: Readonly<Record<string, string>>
      readonly request: AuthenticatedRequest | undefined
    }

/** The body of a refusal: the reason under OAuth's name for it, and under that of Dedalus servers. */
export const refusalBody = (
  error: string,
  reason: string,
): Readonly<Record<'error' | 'error_description' | 'detail', string>> => ({
  error,
  error_description: reason,
  detail: reason,
})

/** A JSON answer. */
export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ResourceAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}
