import type Koa from 'koa'
import type { Config } from '../config.ts'
import type { RequestState } from '../context.ts'
import { registrationPath } from '../registration/dynamic/answer.ts'
import { responseModes } from './request-checks.ts'
import { routes } from './routes.ts'

/** @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/} */
const idJagProfile = 'urn:ietf:params:oauth:grant-profile:id-jag'

const paths = new Set([
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
])

/**
 * Corrects the library's metadata by what it cannot know: the endpoints that we serve ourselves and
 * the scopes of resources, which clients look up here.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-2}
 */
export function completeMetadata(
  { issuer, registration }: Pick<Config, 'issuer' | 'registration'>,
  resourceScopes: () => Promise<readonly string[]>,
): Koa.Middleware<RequestState> {
  return async (ctx, next) => {
    await next()
    if (!paths.has(ctx.path) || typeof ctx.body !== 'object' || ctx.status !== 200) return
    const metadata = ctx.body as Record<string, unknown>
    const staticScopes = metadata['scopes_supported'] as string[]
    const methods = metadata['token_endpoint_auth_methods_supported'] as string[]
    const algorithms = metadata['token_endpoint_auth_signing_alg_values_supported']
    ctx.set('Cache-Control', 'public, max-age=60')
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
    ctx.body = {
      ...metadata,
      client_id_metadata_document_supported: registration.documents === 'on',
      ...(registration.dynamic !== 'off' && { registration_endpoint: issuer + registrationPath }),
      scopes_supported: [...new Set([...staticScopes, ...(await resourceScopes())])],
      authorization_grant_profiles_supported: [idJagProfile],
      response_modes_supported: [...responseModes],
      userinfo_endpoint: issuer + routes.userinfo,
      introspection_endpoint: issuer + routes.introspection,
      introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    }
  }
}
