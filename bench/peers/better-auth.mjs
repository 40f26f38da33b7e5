/**
 * The peer of the token benchmark: better-auth with its OAuth provider, on SQLite in WAL mode. Plain
 * JavaScript, because its packages are not there when types are checked.
 */
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import Sqlite from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { announce, readConfig } from '../servers/serve.ts'

const { port, resource } = await readConfig()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-peer-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const database = new Sqlite(join(folder, 'peer.db'))
database.pragma('journal_mode = wal')
database.pragma('synchronous = normal')

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'the-bench-keeps-no-secrets-of-anybody',
  database,
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true },
  disabledPaths: ['/token'],
  plugins: [
    jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } }),
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/consent',
      scopes: ['openid', 'read'],
      resources: [resource],
      enforcePerClientResources: false,
      clientPrivileges: async () => true,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()

const { headers: signedIn } = await auth.api.signUpEmail({
  body: { name: 'Bench', email: 'bench@example.com', password: 'of-the-bench-only' },
  returnHeaders: true,
})
const cookie = signedIn
  .getSetCookie()
  .map((line) => line.split(';')[0])
  .join('; ')
const client = await auth.api.adminCreateOAuthClient({
  headers: new Headers({ cookie }),
  body: {
    client_name: 'Bench',
    redirect_uris: ['https://client.example/callback'],
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_credentials_scopes: ['read'],
  },
})

const server = createServer(toNodeHandler(auth))
server.listen(port, '127.0.0.1', () =>
  announce(server, { clientId: client.client_id, clientSecret: client.client_secret }),
)
