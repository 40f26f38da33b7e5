import { type ToolManifest, toolManifestSchema } from '@holdfast/protocol/tool-manifest'
import { basicAuthorization } from './client-authentication.ts'
import { type Fetch, requestJson } from './http-client.ts'
import type { ResourceClient } from './options.ts'
import type { Tool } from './tool.ts'

export type { ToolManifest } from '@holdfast/protocol/tool-manifest'

/** What the tools do: those defined by `tool`, and the names and scopes of the others. */
export function toolManifest(
  tools: readonly Tool[],
  scopes: ReadonlyMap<string, readonly string[]>,
): ToolManifest {
  const described = tools.map(({ name, options }) => ({
    name,
    description: options.description ?? options.title ?? '',
    scopes: [...(scopes.get(name) ?? [])],
    connections: (options.connections ?? []).map((one) =>
      typeof one === 'string' ? one : one.name,
    ),
    operations: [...(options.operations ?? [])],
  }))
  const names = new Set(tools.map(({ name }) => name))
  const others = [...scopes].filter(([name]) => !names.has(name))
  return toolManifestSchema.parse({
    tools: [
      ...described,
      ...others.map(([name, needed]) => ({
        name,
        description: '',
        scopes: [...needed],
        connections: [],
        operations: [],
      })),
    ],
  })
}

/** Options of {@link publishManifest}. */
export interface PublishManifestOptions {
  readonly fetch: Fetch
  readonly issuer: string
  readonly resource: string
  /** The resource's own client. */
  readonly client: ResourceClient
  readonly manifest: ToolManifest
}

/**
 * Replaces what the authorization server knows about a resource's tools.
 *
 * @throws Error when it does not take the manifest
 */
export async function publishManifest(options: PublishManifestOptions): Promise<void> {
  const { fetch, issuer, resource, client, manifest } = options
  const url = `${issuer}/v1/resources/${encodeURIComponent(resource)}/manifest`
  const { status, body } = await requestJson(fetch, url, {
    method: 'PUT',
    headers: {
      accept: 'application/json',
      authorization: basicAuthorization(client),
      'content-type': 'application/json',
    },
    body: JSON.stringify(manifest),
    timeoutMs: 10_000,
    maxBytes: 1024 * 1024,
  })
  if (status === 200 || status === 204) return
  const detail = (body as { detail?: unknown } | undefined)?.detail
  throw new Error(
    `the authorization server refused the tool manifest: ${status}` +
      (typeof detail === 'string' ? ` ${detail}` : ''),
  )
}
