import { dpopAlgorithms } from '@holdfast/protocol/token'
import type { Settings } from './settings.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * OAuth 2.0 protected resource metadata.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-2}
 */
export interface ResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly dpop_signing_alg_values_supported?: readonly string[]
  readonly dpop_bound_access_tokens_required?: boolean
  readonly resource_name?: string
  readonly resource_documentation?: string
}

/** The document that tells clients who issues tokens for this server. */
export function resourceMetadata(settings: Settings): ResourceMetadata {
  const { scopes, dpop, name, documentation } = settings
  return {
    resource: settings.resource,
    authorization_servers: settings.authorizationServers,
    bearer_methods_supported: ['header'],
    ...(scopes.supported.length === 0 ? {} : { scopes_supported: scopes.supported }),
    ...(dpop === 'off'
      ? {}
      : {
          dpop_signing_alg_values_supported: dpopAlgorithms,
          dpop_bound_access_tokens_required: dpop === 'required',
        }),
    ...(name === undefined ? {} : { resource_name: name }),
    ...(documentation === undefined ? {} : { resource_documentation: documentation }),
  }
}

const suffixedPath = (resource: string): string => {
  const { pathname } = new URL(resource)
  return `${wellKnown}${pathname === '/' ? '' : pathname}`
}

/** The metadata URL that challenges name: path-suffixed (RFC 9728 section 3.1) unless configured. */
export function metadataUrl({ resource, publicBase, metadataPath }: Settings): string {
  return metadataPath === undefined
    ? `${new URL(resource).origin}${suffixedPath(resource)}`
    : `${publicBase}${metadataPath}`
}

/**
 * Paths at which the metadata is served: at the root, where older clients look, suffixed, and the
 * configured one.
 */
export function metadataPaths({ resource, metadataPath }: Settings): ReadonlySet<string> {
  return new Set([
    wellKnown,
    suffixedPath(resource),
    ...(metadataPath === undefined ? [] : [metadataPath]),
  ])
}
