import { type ToolManifest, toolManifestSchema } from '@holdfast/protocol/tool-manifest'
import type { Resource } from '@holdfast/storage'
import type Koa from 'koa'
import type { ParsedUrlQuery } from 'node:querystring'
import { z } from 'zod'
import { recordEvent } from '../audit/recorder.ts'
import type { AppContext, RequestState } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import { createClientAuthentication } from '../oauth/client-authentication.ts'
import { ApiProblem, type FieldError } from './problem.ts'
import { type AnyRoute, defineRoute } from './route.ts'
import { checked, readJson } from './run-route.ts'

/** Path of a resource's tool manifest. */
export const manifestPath = '/v1/resources/:uri/manifest'

/** What administrators may ask about tools. */
export function manifestRoutes({ storage }: Pick<AppContext, 'storage'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: manifestPath,
      scope: 'admin',
      response: z.unknown(),
      handle: async ({ params }) => storage.toolManifests.find(params['uri'] ?? ''),
    }),
  ]
}

function unknownNames(manifest: ToolManifest, resource: Resource): readonly FieldError[] {
  const scopes = new Set(resource.scopes.map(({ name }) => name))
  const connections = new Set(resource.connections.map(({ name }) => name))
  const firstOf = (names: readonly string[], known: ReadonlySet<string>): string | undefined =>
    names.find((name) => !known.has(name))
  return manifest.tools.flatMap((tool, n): FieldError[] => {
    const scope = firstOf(tool.scopes, scopes)
    const connection = firstOf(tool.connections, connections)
    return [
      ...(scope === undefined
        ? []
        : [{ pointer: `/tools/${n}/scopes`, detail: `the resource has no scope ${scope}` }]),
      ...(connection === undefined
        ? []
        : [
            {
              pointer: `/tools/${n}/connections`,
              detail: `the resource asks for no connection ${connection}`,
            },
          ]),
    ]
  })
}

/**
 * `PUT /v1/resources/{uri}/manifest`: a resource server says what its tools do, as its own client. What
 * it says is shown to people, so it may only name scopes and connections that were registered for it.
 */
export function serveManifest(
  ctx: AppContext,
): Koa.Middleware<RequestState & { params?: ParsedUrlQuery }> {
  const authenticate = createClientAuthentication(ctx)
  const { storage } = ctx

  const ownResource = async (koa: Koa.Context, uri: string): Promise<Resource> => {
    const { client, method } = await authenticate(koa.req).catch((error: unknown) => {
      if (!(error instanceof HttpProblem) || error.status !== 401) throw error
      throw new ApiProblem('UNAUTHORIZED', 'client authentication failed', {
        cause: error,
        headers: { 'WWW-Authenticate': 'Basic realm="holdfast"' },
      })
    })
    const resource = await storage.resources.findByClientId(client.clientId)
    if (method === 'none' || resource?.resource !== uri) {
      throw new ApiProblem('NOT_FOUND', 'this client speaks for no such resource')
    }
    return resource
  }

  return async (koa) => {
    const { uri } = (koa as unknown as { params: { uri: string } }).params
    const resource = await ownResource(koa, uri)
    const manifest = checked(toolManifestSchema, await readJson(koa.req), '/') as ToolManifest
    const errors = unknownNames(manifest, resource)
    if (errors.length > 0) {
      throw new ApiProblem('INVALID_REQUEST', 'a tool names what is not registered', {
        errors: errors.slice(0, 20),
      })
    }
    if (await storage.toolManifests.put(resource.resource, manifest)) {
      await recordEvent(storage.audit, {
        type: 'resource.tools_changed',
        outcome: 'success',
        actor: resource.clientId ?? '',
        resource: resource.resource,
        request_id: koa.state.requestId,
      })
    }
    koa.set('Cache-Control', 'no-store')
    koa.status = 204
  }
}
