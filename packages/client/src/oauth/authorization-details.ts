import type { ConnectionDetail } from '@holdfast/protocol'

/** What a person is asked to allow in detail. */
export interface DetailedRequest {
  /**
   * Which connections the tokens may use and what may be done with each. Default: whatever the server
   * asks for, as far as the person allows it.
   * @see {@link https://www.rfc-editor.org/rfc/rfc9396}
   */
  readonly authorizationDetails?: readonly ConnectionDetail[]
}

/** The parameter of a request; none without details. */
export const detailsParameter = ({
  authorizationDetails,
}: DetailedRequest): Record<string, string> =>
  authorizationDetails === undefined
    ? {}
    : { authorization_details: JSON.stringify(authorizationDetails) }
