import { providerNameSchema } from '@holdfast/protocol'
import type { ConnectionInfo } from '@holdfast/storage'
import { z } from 'zod'
import { callbackPath } from '../connect/begin.ts'
import { reserveOAuthApp, revokeOAuthApp } from '../connections/oauth-apps.ts'
import type { AppContext } from '../context.ts'
import { reservationView, viewReservation } from './connection-view.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const newApp = z.strictObject({
  provider: providerNameSchema,
  label: z.string().trim().max(120).optional(),
  /** Where the tokens of this app may be sent. */
  base_url: z.string().max(2048),
})

/** What the enclave told of the sealed client when it was uploaded. */
const sealedApp = z.object({
  client_id: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  scopes: z.array(z.string()),
})

/** An operator's OAuth client at a provider; its secret is in no answer. */
export const oauthAppView = z.object({
  handle: z.string(),
  provider: z.string(),
  label: z.string().nullable(),
  status: z.string(),
  base_url: z.string(),
  /** What the provider must have on its list of redirect URIs. */
  redirect_uri: z.string(),
  /** Null before the upload. */
  client: sealedApp.nullable(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
})

const viewApp = (issuer: string, app: ConnectionInfo): z.infer<typeof oauthAppView> => {
  const client = sealedApp.safeParse(app.summary?.['app'])
  return {
    handle: app.handle,
    provider: app.provider,
    label: app.label ?? null,
    status: app.status,
    base_url: app.baseUrl,
    redirect_uri: `${issuer}${callbackPath}`,
    client: client.success ? client.data : null,
    created_at: timeText(app.createdAtMs),
    revoked_at: optionalTime(app.revokedAtMs),
  }
}

/** OAuth clients at providers: administrators make and revoke them, everybody connects with them. */
export function oauthAppRoutes(
  context: Pick<
    AppContext,
    'config' | 'storage' | 'enclave' | 'tokens' | 'tokenMaintenance' | 'clock'
  >,
): readonly AnyRoute[] {
  const { config, storage } = context
  return [
    defineRoute({
      method: 'post',
      path: '/v1/oauth-apps',
      scope: 'admin',
      body: newApp,
      status: 201,
      response: reservationView.extend({ redirect_uri: z.string() }),
      handle: async ({ actor, body: { base_url: baseUrl, ...rest } }) => ({
        ...viewReservation(await reserveOAuthApp(context, actor, { ...rest, baseUrl })),
        redirect_uri: `${config.issuer}${callbackPath}`,
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/oauth-apps',
      scope: 'connections:read',
      query: pageQuery,
      response: pageOf(oauthAppView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.connections.list({
          purpose: 'oauth_app',
          after: cursor,
          limit: limit + 1,
        })
        return toPage(
          found,
          limit,
          ({ handle }) => handle,
          (app) => viewApp(config.issuer, app),
        )
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/oauth-apps/:handle',
      scope: 'admin',
      response: oauthAppView,
      handle: async ({ actor, params }) =>
        viewApp(config.issuer, await revokeOAuthApp(context, actor, params['handle'] ?? '')),
    }),
  ]
}
