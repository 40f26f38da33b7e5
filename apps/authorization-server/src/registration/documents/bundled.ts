import type { JsonObject } from '@holdfast/storage'

/** A document of a well-known client that comes with this version. */
export interface BundledDocument {
  readonly name: string
  /** When the document was last seen to say this. */
  readonly asOf: string
  /** A public place that speaks of it, for a reader to begin with. */
  readonly source: string
  readonly document: JsonObject
}

const code = ['authorization_code', 'refresh_token']
const loopback = ['http://localhost/callback', 'http://127.0.0.1/callback']

function bundled(
  name: string,
  [asOf, source]: readonly [string, string],
  clientId: string,
  document: JsonObject,
): BundledDocument {
  return {
    name,
    asOf,
    source,
    document: {
      client_id: clientId,
      client_name: name,
      grant_types: code,
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...document,
    },
  }
}

/**
 * What well-known clients publish, for servers that cannot reach their hosts. Only what public
 * records agree on: id, redirect addresses, authentication. A fetched or pinned document comes first.
 */
export const bundledDocuments: readonly BundledDocument[] = [
  bundled(
    'Claude Code',
    ['2026-04-01', 'https://github.com/anthropics/claude-code/issues/42301'],
    'https://claude.ai/oauth/claude-code-client-metadata',
    { redirect_uris: loopback },
  ),
  bundled(
    'Claude',
    ['2026-09-24', 'https://github.com/anthropics/claude-ai-mcp/issues/518'],
    'https://claude.ai/oauth/mcp-oauth-client-metadata',
    { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] },
  ),
  bundled(
    'Visual Studio Code',
    ['2026-09-24', 'https://github.com/microsoft/vscode/issues/298300'],
    'https://vscode.dev/oauth/client-metadata.json',
    { redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'] },
  ),
  bundled(
    'Codex',
    ['2026-09-24', 'https://github.com/openai/codex/issues/31658'],
    'https://chatgpt.com/oauth/codex/client.json',
    { redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'] },
  ),
  bundled(
    'ChatGPT',
    ['2026-08-26', 'https://github.com/django-oauth/django-oauth-toolkit/issues/1845'],
    'https://chatgpt.com/oauth/client.json',
    {
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg: 'RS256',
      jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
    },
  ),
  bundled(
    'Zed',
    ['2026-05-08', 'https://github.com/zed-industries/zed/issues/56210'],
    'https://zed.dev/oauth/client-metadata.json',
    { redirect_uris: ['http://127.0.0.1/callback'] },
  ),
  bundled(
    'opencode',
    ['2026-09-07', 'https://github.com/anomalyco/opencode/pull/47737'],
    'https://opencode.ai/oauth/opencode/client.json',
    { redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'] },
  ),
]

const byId = new Map(bundledDocuments.map((entry) => [entry.document['client_id'], entry]))

export const findBundled = (clientId: string): BundledDocument | undefined => byId.get(clientId)
