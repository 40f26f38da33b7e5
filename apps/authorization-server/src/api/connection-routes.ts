import {
  connectionPolicySchema,
  denyAllPolicy,
  dispatchMethods,
  dispatchResponseSchema,
  fromBase64url,
  maxEnvelopeBytes,
  providerNameSchema,
} from '@holdfast/protocol'
import { accessPage, loadCatalog } from '@holdfast/providers'
import type { ConnectionInfo } from '@holdfast/storage'
import { z } from 'zod'
import { beginAuthorization } from '../connect/begin.ts'
import { changeConnection } from '../connections/change.ts'
import { findOwned } from '../connections/find-owned.ts'
import { reopenUpload, reserveConnection, reserveOAuthConnection } from '../connections/reserve.ts'
import { revokeConnection } from '../connections/revoke.ts'
import { uploadCredential } from '../connections/upload.ts'
import type { AppContext } from '../context.ts'
import { callLimits } from '../dispatch/call-enclave.ts'
import { identifyConnection } from '../dispatch/identify-connection.ts'
import { testConnection } from '../dispatch/test-connection.ts'
import {
  connectionView,
  reservationView,
  viewConnection,
  viewReservation,
} from './connection-view.ts'
import { identityView, viewIdentity } from './identity-view.ts'
import { pageOf, pageQuery, timeText, toPage } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const label = z.string().trim().max(120)
/** Name of a connection within a resource or a sign-in. */
export const connectionName = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/)

const newConnection = z.strictObject({
  provider: providerNameSchema,
  /** Name under which a resource asks for it, such as `github`. */
  name: connectionName.optional(),
  label: label.optional(),
  base_url: z.string().max(2048),
  /** Default: nothing is allowed. */
  policy: connectionPolicySchema.default(denyAllPolicy),
})

// A sealed box adds 48 bytes, a Dedalus envelope of RSA-4096 541; base64url a third.
const maxSealedLength = Math.ceil(((maxEnvelopeBytes + 1024) * 4) / 3)

const credentialUpload = z.strictObject({
  form: z.enum(['sealed-box', 'dedalus-v1']),
  kid: z.string().min(1).max(64).optional(),
  sealed: z
    .string()
    .min(1)
    .max(maxSealedLength)
    .regex(/^[A-Za-z0-9_-]+$/),
  upload_nonce: z.string().min(16).max(128),
})

const connectionChanges = z.strictObject({
  label: label.optional(),
  policy: connectionPolicySchema.optional(),
  status: z.enum(['active', 'paused']).optional(),
})

const authorizationRequest = z.strictObject({
  /** Default: those of the OAuth app. */
  scopes: z.array(z.string().min(1).max(512)).max(100).optional(),
})

const authorizationView = z.object({ authorization_url: z.string(), expires_at: z.string() })

const connectionTest = z.strictObject({
  path: z.string().min(1).max(8192).optional(),
  method: z.enum(dispatchMethods).optional(),
})

/** What a user may do with their own connections. */
export function connectionRoutes(
  context: Pick<
    AppContext,
    'config' | 'storage' | 'enclave' | 'tokens' | 'tokenMaintenance' | 'clock'
  >,
): readonly AnyRoute[] {
  const { config, storage } = context
  const catalog = loadCatalog(config.providers)
  const view = (connection: ConnectionInfo) =>
    viewConnection(connection, accessPage(catalog, connection))
  const limits = callLimits(config)
  return [
    defineRoute({
      method: 'post',
      path: '/v1/connections',
      scope: 'connections:write',
      body: newConnection,
      status: 201,
      response: reservationView,
      handle: async ({ actor, body }) =>
        viewReservation(
          await reserveConnection(context, actor, { ...body, baseUrl: body.base_url }),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/oauth-apps/:handle/connections',
      scope: 'connections:write',
      body: newConnection.omit({ provider: true, base_url: true }),
      status: 201,
      response: connectionView,
      handle: async ({ actor, params, body }) =>
        viewConnection(
          await reserveOAuthConnection(context, actor, {
            ...body,
            appHandle: params['handle'] ?? '',
          }),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/connections/:handle/authorize',
      scope: 'connections:write',
      body: authorizationRequest,
      response: authorizationView,
      handle: async ({ actor, params, body }) => {
        const link = await beginAuthorization(context, actor, params['handle'] ?? '', body.scopes)
        return { authorization_url: link.url, expires_at: timeText(link.expiresAtMs) }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/connections',
      scope: 'connections:read',
      query: pageQuery,
      response: pageOf(connectionView),
      handle: async ({ actor, query: { limit, cursor } }) => {
        const filter = { owner: actor.sub, after: cursor, limit: limit + 1 }
        const found = await storage.connections.list(filter)
        return toPage(found, limit, ({ handle }) => handle, view)
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/connections/:handle',
      scope: 'connections:read',
      response: connectionView,
      handle: async ({ actor, params }) =>
        view(await findOwned(context, actor, params['handle'] ?? '')),
    }),
    defineRoute({
      method: 'patch',
      path: '/v1/connections/:handle',
      scope: 'connections:write',
      body: connectionChanges,
      response: connectionView,
      handle: async ({ actor, params, body }) =>
        viewConnection(await changeConnection(context, actor, params['handle'] ?? '', body)),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/connections/:handle',
      scope: 'connections:write',
      response: connectionView,
      handle: async ({ actor, params }) =>
        view(await revokeConnection(context, actor, params['handle'] ?? '')),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/connections/:handle/upload',
      scope: 'connections:write',
      status: 201,
      response: reservationView,
      handle: async ({ actor, params }) =>
        viewReservation(await reopenUpload(context, actor, params['handle'] ?? '')),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/connections/:handle/credential',
      scope: 'connections:write',
      body: credentialUpload,
      response: connectionView,
      handle: async ({ actor, params, body }) => {
        const { form, kid, upload_nonce: nonce } = body
        const upload = { form, kid, nonce, sealed: fromBase64url(body.sealed) }
        return viewConnection(
          await uploadCredential(context, actor, params['handle'] ?? '', upload),
        )
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/connections/:handle/identify',
      scope: 'connections:write',
      response: identityView,
      handle: async ({ actor, params }) =>
        viewIdentity(
          await identifyConnection(context, catalog, actor, params['handle'] ?? '', limits),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/connections/:handle/test',
      scope: 'connections:write',
      body: connectionTest,
      response: dispatchResponseSchema,
      handle: async ({ actor, params, body }) =>
        testConnection(context, actor, params['handle'] ?? '', body, limits),
    }),
  ]
}
