import { dpopAlgorithms } from '@holdfast/protocol/token'
import type { Settings } from './options.ts'

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
    authorization_servers: [settings.issuer],
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

/** The path-suffixed metadata URL of a resource (RFC 9728 section 3.1). */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}`
}

/** Paths at which the metadata is served: at the root, where older clients look, and suffixed. */
export function metadataPaths(resource: string): ReadonlySet<string> {
  return new Set([wellKnown, new URL(metadataUrl(resource)).pathname])
}
