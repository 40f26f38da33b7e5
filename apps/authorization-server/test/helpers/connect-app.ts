/** A server, an enclave and a provider of accounts, on which the connect pages are tried out. */
import { parseProvider } from '@holdfast/providers'
import { expect } from 'vitest'
import {
  type Browser,
  type Form,
  formOf,
  handOffTarget,
  type PageVisit,
} from '../support/browser.ts'
import { password, type TestServer } from '../support/server.ts'
import { startRealEnclave } from './real-enclave.ts'
import { type Caller, callerFor, makeApp, makePerson } from './token-connections.ts'
import { startTokenProvider, type TokenProvider } from './token-provider.ts'
import { callApi, startVaultApp, type VaultApp } from './vault-app.ts'

/** Everything that runs. */
export interface ConnectApp extends AsyncDisposable {
  readonly app: VaultApp
  /** The same, for helpers of sign-ins. */
  readonly server: TestServer
  readonly provider: TokenProvider
  /** Of the provider `local`. */
  readonly oauthApp: string
  /** Makes a link to the connect page. */
  makeTicket(
    caller: Caller,
    body?: object,
  ): Promise<{ readonly id: string; readonly connect_url: string }>
  /** From the page to the provider; what comes back is where the browser goes next. */
  atProvider(browser: Browser, page: PageVisit, fill?: Record<string, string>): Promise<URL>
  /** From the page to the provider and back. */
  signInAtProvider(
    browser: Browser,
    page: PageVisit,
    fill?: Record<string, string>,
  ): Promise<PageVisit>
}

/** Opens a connect page in a browser where nobody is signed in, and signs in. */
export async function signInAt(browser: Browser, url: string, caller: Caller): Promise<PageVisit> {
  return browser.submit(await signInForm(browser, url), { email: caller.user.email, password })
}

/** The sign-in form of a connect page. */
export const signInForm = async (browser: Browser, url: string): Promise<Form> => ({
  ...formOf(await browser.open(url), ''),
  action: url,
})

export async function startConnectApp(): Promise<ConnectApp> {
  const provider = await startTokenProvider()
  const enclave = await startRealEnclave({
    upstreams: [provider.authority],
    caPem: provider.caPem,
  })
  const app = await startVaultApp({
    enclaveSocket: enclave.socket,
    providers: [{ provider: localProvider(provider) }],
  })
  const admin = await callerFor(
    app,
    await makePerson(app, 'root', 'admin'),
    'admin connections:write',
  )
  const oauthApp = await makeApp(app, admin, provider)
  const atProvider: ConnectApp['atProvider'] = async (browser, page, fill = {}) => {
    const there = await browser.submit(formOf(page, '/oauth'), { app: oauthApp, ...fill })
    return provider.approve(handOffTarget(there).href)
  }
  return {
    app,
    server: { issuer: app.issuer, ctx: app.context } as TestServer,
    provider,
    oauthApp,
    async makeTicket(caller, body = { provider: 'local' }) {
      const made = await callApi(app, caller.api, 'POST', '/v1/connect-tickets', body)
      expect(made.status, made.text).toBe(201)
      return made.json as { id: string; connect_url: string }
    },
    atProvider,
    signInAtProvider: async (browser, page, fill) =>
      browser.open((await atProvider(browser, page, fill)).href),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await enclave[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const localProvider = ({ url }: TokenProvider) =>
  parseProvider({
    name: 'local',
    title: 'Local Accounts',
    category: 'work',
    docs: 'https://local.example/docs',
    verified: 'unverified',
    checked: '2026-11-23',
    base_url: url,
    oauth: {
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      pkce: true,
      scopes: {},
    },
    kinds: [
      { id: 'sign_in', title: 'Sign in', credential: { kind: 'oauth2' } },
      {
        id: 'token',
        title: 'Token',
        credential: { kind: 'bearer' },
        fields: { token: { title: 'Token' } },
      },
    ],
    identity: { path: '/api/me', account: ['/account'] },
  })
