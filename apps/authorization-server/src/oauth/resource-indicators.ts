import type { Storage } from '@holdfast/storage'
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider'
import type { SigningAlgorithm } from '../signing-algorithms.ts'
import { requireStaticClient } from '../registration/static-client.ts'
import { grantTypes } from './grant-types.ts'
import { narrowScope } from './narrow-scope.ts'
import type { KnownResource, ResourceDirectory } from './resource-directory.ts'

export interface ResourceIndicatorOptions {
  readonly directory: ResourceDirectory
  readonly clients: Pick<Storage['clients'], 'find'>
  readonly accessTokenTtlSeconds: number
  /** The key that signs now. */
  readonly signing: { readonly kid: string; readonly alg: SigningAlgorithm }
}

const unknownResource =
  'unknown resource: send "resource" with the URI of a registered MCP server, as its protected resource metadata names it'

const shownChoices = 5

/** Their URIs are no secret: a protected resource says its own to everybody. */
function missingResource(choices: readonly KnownResource[]): string {
  if (choices.length === 0) {
    return 'the request names no resource and none has these scopes: send "resource" with the URI of the MCP server (RFC 8707)'
  }
  const shown = choices.slice(0, shownChoices).map(({ resource }) => resource)
  const more = choices.length > shown.length ? ', …' : ''
  return `the request names no resource and could mean several: send "resource" (RFC 8707) with one of ${shown.join(', ')}${more}`
}

/** What a client is told that asks without a proof where one is required. */
export const missingProof =
  'this resource takes only DPoP-bound tokens: send a DPoP proof (RFC 9449) with the token request; a client that cannot needs a resource with DPoP policy "preferred" or "off", or a bridge that adds proofs'

/** Hooks of the library for RFC 8707: what a token for a resource looks like, and who may ask for one. */
export function resourceIndicators(options: ResourceIndicatorOptions) {
  return {
    enabled: true as const,
    useGrantedResource: () => Promise.resolve(true),

    async defaultResource(
      ctx: KoaContextWithOIDC,
      _client: unknown,
      oneOf?: string[],
    ): Promise<string | string[]> {
      if (oneOf) return oneOf
      const { client, requestParamScopes } = ctx.oidc
      const choices = await options.directory.choices([...requestParamScopes], client?.clientId)
      const [only] = choices
      if (only && choices.length === 1) return only.resource
      throw new errors.InvalidTarget(missingResource(choices))
    },

    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      indicator: string,
    ): Promise<ResourceServer> {
      const resource = await options.directory.resolve(indicator)
      if (!resource) throw new errors.InvalidTarget(unknownResource)
      const { client, params, route } = ctx.oidc
      const grantType = params?.['grant_type']
      if (route === 'device_authorization' || grantType === grantTypes.deviceCode) {
        if (client) requireStaticClient(client)
      }
      const asked = params?.['resource']
      if (Array.isArray(asked) && asked.length > 1) {
        throw new errors.InvalidTarget('ask for one resource at a time')
      }
      const scopes = resource.scopes.map(({ name }) => name)
      if (params && grantType === grantTypes.clientCredentials) {
        await requireOwnResource(options.clients, client?.clientId, resource)
        // No person looks at what is asked: the library would leave out what it does not know.
        params['scope'] = narrowScope(params['scope'] as string | undefined, scopes, [])
      }
      if (route === 'token' && resource.dpop === 'required' && !ctx.get('DPoP')) {
        throw new errors.InvalidDpopProof(missingProof)
      }
      return {
        scope: scopes.join(' '),
        audience: resource.resource,
        accessTokenTTL: options.accessTokenTtlSeconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: options.signing.alg, kid: options.signing.kid } },
      }
    },
  }
}

/** @throws InvalidTarget when a client asks as itself for a resource that it was not registered for */
async function requireOwnResource(
  clients: Pick<Storage['clients'], 'find'>,
  clientId: string | undefined,
  { builtIn, resource }: KnownResource,
): Promise<void> {
  if (builtIn) {
    throw new errors.InvalidTarget(
      'this resource acts for a user: use the authorization code grant',
    )
  }
  const allowed = clientId === undefined ? undefined : (await clients.find(clientId))?.resources
  if (allowed && !allowed.includes(resource)) {
    throw new errors.InvalidTarget(
      'this client was not registered for this resource (holdfast clients register --resource)',
    )
  }
}
