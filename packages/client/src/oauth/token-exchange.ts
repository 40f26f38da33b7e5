import type { StaticClient } from './client-identity.ts'
import { extensionGrant } from './extension-grant.ts'
import { targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { grantTypes, type Supplied, supply, tokenTypes } from './token-types.ts'

/** A token to exchange for one of the protected server. */
export interface TokenExchangeOptions extends GrantAuthOptions {
  readonly client: StaticClient
  /** Whose token it will be. A secret; a function is asked for each exchange. */
  readonly subjectToken: Supplied
  /** Default: an access token. */
  readonly subjectTokenType?: string
  /** Who acts for that subject. A secret. */
  readonly actorToken?: Supplied
  /** Default: an access token. */
  readonly actorTokenType?: string
}

/**
 * Exchanges a token that the caller has for one that the protected server takes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693}
 */
export class TokenExchangeAuth extends GrantAuth {
  constructor(options: TokenExchangeOptions) {
    const { subjectToken, actorToken } = options
    const { subjectTokenType, actorTokenType } = options
    super(
      {
        grantTypes: [grantTypes.tokenExchange],
        wantsRefresh: false,
        obtain: async (request) =>
          extensionGrant(request, grantTypes.tokenExchange, {
            subject_token: await supply(subjectToken),
            subject_token_type: subjectTokenType ?? tokenTypes.accessToken,
            ...(actorToken !== undefined && {
              actor_token: await supply(actorToken),
              actor_token_type: actorTokenType ?? tokenTypes.accessToken,
            }),
            ...targetParameters(request),
          }),
      },
      options,
    )
  }
}
