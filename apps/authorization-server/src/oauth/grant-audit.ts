import type { Grant } from '@holdfast/storage'
import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { grantTypes } from './grant-types.ts'

/** What was used a second time, by the grant that was asked for. */
const reuse: Readonly<Record<string, string>> = {
  [grantTypes.refreshToken]: 'refresh_token_reused',
  [grantTypes.authorizationCode]: 'code_reused',
  [grantTypes.deviceCode]: 'device_code_reused',
}

/**
 * Records that the library gave a grant up, with all its tokens: a code or a refresh token that was
 * replaced before came once more, which is either a thief or a client that lost an answer, or the
 * client itself has revoked it. The grant is the family; its id is in every one of its tokens.
 */
export async function recordGrantGivenUp(
  audit: AppContext['storage']['audit'],
  grantId: string,
  grant: Grant | undefined,
): Promise<void> {
  const koa = Provider.ctx as Partial<KoaContextWithOIDC> | undefined
  const asked = koa?.oidc?.params?.['grant_type']
  const reason = typeof asked === 'string' && Object.hasOwn(reuse, asked) ? reuse[asked] : undefined
  await audit.append({
    type: 'grant.revoked',
    outcome: reason === undefined ? 'success' : 'denied',
    actor: reason === undefined ? koa?.oidc?.client?.clientId : 'system',
    subject: grant?.userId,
    client: grant?.clientId ?? koa?.oidc?.client?.clientId,
    resource: grant?.resource,
    grant: grantId,
    request_id: (koa?.state as Partial<RequestState> | undefined)?.requestId,
    detail: {
      reason: reason ?? 'revoked_by_client',
      ...(koa?.state !== undefined && {
        address: (koa.state as Partial<RequestState>).remoteAddress,
      }),
    },
  })
}
