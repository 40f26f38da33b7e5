/**
 * The client that the official suite tests: `@holdfast/client` and nothing else. The suite gives the
 * server's URL as the last argument, and the scenario with its secrets in the environment.
 */
import {
  type Auth,
  AuthorizationCodeAuth,
  ClientCredentialsAuth,
  CrossAppAuth,
  type StaticClient,
  WorkloadIdentityAuth,
} from '@holdfast/client'
import { MCPClient } from '@holdfast/client/mcp'

const redirectUri = 'http://localhost:3000/callback'

/** The suite's document is not served: its server only has to see this URL as `client_id`. */
const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json'

type Context = Readonly<Record<string, string>>

/** The suite's authorization servers consent at once and answer with the redirect. */
async function authorize(url: URL): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual' })
  const location = response.headers.get('location')
  if (location === null) throw new Error(`no redirect from ${url.origin}: ${response.status}`)
  return new URL(location, url)
}

const staticClient = (context: Context): StaticClient => ({
  clientId: context['client_id'] ?? '',
  clientSecret: context['client_secret'],
  ...(context['issuer'] !== undefined && { issuer: context['issuer'] }),
})

/** The suite's keys are for ES256. */
function importKey(pem: string): Promise<CryptoKey> {
  const der = Buffer.from(pem.replaceAll(/-----.*?-----/g, ''), 'base64')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

async function authFor(scenario: string, context: Context): Promise<Auth> {
  switch (scenario) {
    case 'auth/client-credentials-jwt': {
      const privateKey = await importKey(context['private_key_pem'] ?? '')
      return new ClientCredentialsAuth({ client: { ...staticClient(context), privateKey } })
    }
    case 'auth/client-credentials-basic':
      return new ClientCredentialsAuth({ client: staticClient(context) })
    case 'auth/enterprise-managed-authorization':
      return new CrossAppAuth({
        client: staticClient(context),
        identityProvider: {
          issuer: context['idp_issuer'] ?? '',
          client: { clientId: context['idp_client_id'] ?? '' },
        },
        idToken: context['idp_id_token'] ?? '',
      })
    case 'auth/wif-jwt-bearer':
      return new WorkloadIdentityAuth({
        client: staticClient(context),
        assertion: () => context['valid_jwt'] ?? '',
      })
    default:
      return new AuthorizationCodeAuth({
        redirectUri,
        authorize,
        clientMetadataUrl,
        ...(context['client_id'] !== undefined && { client: staticClient(context) }),
      })
  }
}

const url = process.argv.at(-1) ?? ''
const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? ''
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Context

const client = await MCPClient.connect(url, { auth: await authFor(scenario, context) })
const { tools } = await client.listTools()
for (const { name } of tools) await client.callTool({ name, arguments: {} })
// Once more: what a server demands only after the first call has to be met as well.
for (const { name } of tools) await client.callTool({ name, arguments: {} })
await client.close()
