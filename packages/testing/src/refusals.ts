import { TokenError } from '@holdfast/protocol/token'

/** A refusal that is no OAuth error of the protocol, with the answer that it is. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly body: Readonly<Record<string, string>>

  constructor(status: number, body: Readonly<Record<string, string>>) {
    super(body['error'])
    this.status = status
    this.body = body
  }
}

/** Status and body of the answer that a failure stands for. */
export function refusalOf(error: unknown): readonly [number, Readonly<Record<string, string>>] {
  if (error instanceof Refused) return [error.status, error.body]
  if (error instanceof TokenError) {
    return [error.status, { error: error.code, error_description: error.message }]
  }
  return [400, { error: 'invalid_request' }]
}
