/** Connections with tokens, made over the API as clients make them. */
import {
  type CredentialKind,
  type OAuthApp,
  seal,
  toBase64url,
  utf8,
  verifyKeySet,
} from '@holdfast/protocol'
import type { User, UserRole } from '@holdfast/storage'
import { expect } from 'vitest'
import { hashPassword } from '../../src/interaction/passwords.ts'
import { Browser, formOf, handOffTarget } from '../support/browser.ts'
import { password } from '../support/server.ts'
import type { TokenProvider } from './token-provider.ts'
import { apiToken, type Bound, callApi, directToken, send, type VaultApp } from './vault-app.ts'

export const allowAll = { methods: ['*'], paths: ['/**'], resources: ['*'] }

/** A user with a token for the management API. */
export interface Caller {
  readonly user: User
  readonly api: Bound
}

export const callerFor = async (app: VaultApp, user: User, scope?: string): Promise<Caller> => ({
  user,
  api: await apiToken(app, user.id, scope ?? 'connections:read connections:write'),
})

interface Reserved {
  readonly handle: string
  readonly upload: { readonly nonce: string }
}

/** Seals a credential for a reservation and uploads it. */
export async function uploadSealed(
  app: VaultApp,
  { user, api }: Caller,
  { handle, upload }: Reserved,
  provider: Pick<TokenProvider, 'url' | 'authority'> & { readonly name?: string },
  credential: CredentialKind,
  secrets: Readonly<Record<string, string>>,
) {
  const published = await send(app, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
  const nowSeconds = Math.floor(Date.now() / 1000)
  const { key } = await verifyKeySet(published.json, { nowSeconds })
  const sealed = await seal(key, {
    header: {
      credential,
      base_url: provider.url,
      binding: {
        handle: handle as never,
        owner: user.id,
        provider: provider.name ?? 'local',
        allowed_hosts: [provider.authority],
        upload_nonce: upload.nonce,
        created_at: nowSeconds,
        pins: {},
      },
    },
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, one]) => [name, utf8(one)])),
  })
  return callApi(app, api, 'PUT', `/v1/connections/${handle}/credential`, {
    form: sealed.form,
    kid: sealed.kid,
    sealed: toBase64url(sealed.sealed),
    upload_nonce: upload.nonce,
  })
}

/** A connection whose credential was sealed, and a token that names it. */
export async function connectSealed(
  app: VaultApp,
  caller: Caller,
  provider: TokenProvider,
  credential: CredentialKind,
  secrets: Readonly<Record<string, string>>,
) {
  const reserved = await callApi(app, caller.api, 'POST', '/v1/connections', {
    provider: 'local',
    base_url: provider.url,
    policy: allowAll,
  })
  expect(reserved.status, reserved.text).toBe(201)
  const stored = await uploadSealed(app, caller, reserved.json, provider, credential, secrets)
  expect(stored.status, stored.text).toBe(200)
  return usable(app, caller, reserved.json.handle as string)
}

/** A connection and a token that names it. */
export const usable = async (app: VaultApp, { user }: Caller, handle: string) => ({
  handle,
  caller: await directToken(app, user.id, { local: handle }),
})

export const clientCredentials = (provider: TokenProvider): CredentialKind => ({
  kind: 'oauth2_client_credentials',
  client_id: provider.client.id,
  token_endpoint: `${provider.url}/token`,
  revocation_endpoint: `${provider.url}/token/revocation`,
  token_endpoint_auth_method: 'client_secret_basic',
})

export const appCredential = (
  provider: TokenProvider,
  changes: Partial<OAuthApp> = {},
): Extract<CredentialKind, { kind: 'oauth2_app' }> => ({
  kind: 'oauth2_app',
  client_id: provider.client.id,
  authorization_endpoint: `${provider.url}/auth`,
  token_endpoint: `${provider.url}/token`,
  revocation_endpoint: `${provider.url}/token/revocation`,
  issuer: provider.url,
  issuer_in_response: true,
  token_endpoint_auth_method: 'client_secret_basic',
  scopes: ['openid', 'offline_access'],
  authorization_parameters: { prompt: 'consent' },
  ...changes,
})

/** An OAuth app, made by an administrator; with the issuer '' it is sealed without one. */
export async function makeApp(
  app: VaultApp,
  admin: Caller,
  provider: TokenProvider,
  changes: Partial<OAuthApp> = {},
): Promise<string> {
  const reserved = await callApi(app, admin.api, 'POST', '/v1/oauth-apps', {
    provider: 'local',
    base_url: provider.url,
  })
  expect(reserved.status, reserved.text).toBe(201)
  const { issuer, ...rest } = appCredential(provider, changes)
  const credential = issuer === '' ? rest : { ...rest, issuer }
  const secrets = { client_secret: provider.client.secret }
  const stored = await uploadSealed(app, admin, reserved.json, provider, credential, secrets)
  expect(stored.status, stored.text).toBe(200)
  return reserved.json.handle as string
}

/** A connection that waits for its owner to sign in at the provider. */
export async function reserveOAuth(
  app: VaultApp,
  { api }: Caller,
  appHandle: string,
): Promise<string> {
  const path = `/v1/oauth-apps/${appHandle}/connections`
  const reserved = await callApi(app, api, 'POST', path, { policy: allowAll })
  expect(reserved.status, reserved.text).toBe(201)
  return reserved.json.handle as string
}

/** A link to the provider for a connection. */
export async function authorizationLink(
  app: VaultApp,
  { api }: Caller,
  handle: string,
): Promise<string> {
  const begun = await callApi(app, api, 'POST', `/v1/connections/${handle}/authorize`, {})
  expect(begun.status, begun.text).toBe(200)
  return begun.json.authorization_url as string
}

/** Opens a link as its owner does, signing in where asked; returns the provider's page that it leads to. */
export async function toProvider(
  browser: Browser,
  link: string,
  { email }: Pick<User, 'email'>,
): Promise<string> {
  const visit = await browser.open(link)
  const location = visit.headers.get('location')
  if (location !== null) return location
  const page = await browser.submit(formOf(visit, '/oauth/connect'), { email, password })
  return handOffTarget(page).href
}

/** A user who can sign in at a page. */
export const makePerson = async (
  app: VaultApp,
  name: string,
  role: UserRole = 'member',
): Promise<User> =>
  app.context.storage.users.create({
    email: `${name}@example.org`,
    passwordHash: await hashPassword(password),
    role,
  })

/** Goes the whole way for a connection, in the browser of its owner. */
export async function connectAccount(
  app: VaultApp,
  caller: Caller,
  provider: TokenProvider,
  appHandle: string,
  browser: Browser = new Browser(app.issuer),
) {
  const handle = await reserveOAuth(app, caller, appHandle)
  await authorize(app, caller, provider, handle, browser)
  return usable(app, caller, handle)
}

/** Authorizes a connection, for the first time or anew. */
export async function authorize(
  app: VaultApp,
  caller: Caller,
  provider: TokenProvider,
  handle: string,
  browser: Browser = new Browser(app.issuer),
): Promise<void> {
  const link = await authorizationLink(app, caller, handle)
  const page = await toProvider(browser, link, caller.user)
  const back = await provider.approve(page)
  const result = await browser.open(back.href)
  expect(result.status, result.text).toBe(200)
  expect(result.text).toContain('Connected')
}
