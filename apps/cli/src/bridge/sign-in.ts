import type { Auth, OAuthState, RegistrationOptions, TokenStore } from '@holdfast/client'
import { AuthorizationCodeAuth, ClientError, DeviceAuth } from '@holdfast/client'
import { openLoopbackRedirect } from '@holdfast/client/node'
import { openBrowser } from '../terminal/browser.ts'
import type { BridgeLog } from './log.ts'

/** How a person signs in when the server wants it. */
export interface SignInOptions extends RegistrationOptions {
  readonly store: TokenStore<OAuthState>
  /** Held while a person signs in, so that several bridges open one browser page. */
  readonly turn: TokenStore<unknown>
  readonly device: boolean
  readonly browser: boolean
  readonly scopes: readonly string[] | undefined
  readonly dpop: 'auto' | 'required' | 'off'
  /** Port of the redirect; any free one when it is taken or undefined. */
  readonly port: number | undefined
  readonly log: BridgeLog
  /** Ends a sign-in that waits for a person. */
  readonly signal: AbortSignal
}

/** Authorization of a bridge. */
export interface BridgeAuth extends Auth {
  /** Resolves when no token is being renewed: a refresh token that was spent must be replaced on disk. */
  readonly settled: () => Promise<void>
}

/** Obtains tokens when the server asks for them, and keeps them in the store. */
export function bridgeAuth(options: SignInOptions): BridgeAuth {
  const kept = options.device ? byDevice(options) : byRedirect(options, unusedRedirect)
  const running = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>): Promise<T> => {
    running.add(work)
    const forget = (): void => void running.delete(work)
    work.then(forget, forget)
    return work
  }
  const renew: Auth['refused'] = async (url, refusal, context) => {
    options.signal.throwIfAborted()
    if (options.device) return kept.refused(url, refusal, context)
    const redirect = await openRedirect(options.port)
    try {
      return await byRedirect(options, redirect).refused(url, refusal, context)
    } finally {
      redirect.close()
    }
  }
  return {
    token: (url, context) => track(kept.token(url, context)),
    refused: (url, refusal, context) => inTurn(options, () => track(renew(url, refusal, context))),
    settled: async () => {
      await Promise.allSettled(running)
    },
  }
}

type Redirect = Awaited<ReturnType<typeof openLoopbackRedirect>>

/** For the way that never asks a person. */
const unusedRedirect: Redirect = {
  redirectUri: 'http://127.0.0.1/callback',
  answer: () => Promise.reject(new Error('nobody is asked here')),
  close: () => undefined,
}

function byRedirect(options: SignInOptions, redirect: Redirect): Auth {
  const { log, browser, signal } = options
  return new AuthorizationCodeAuth({
    ...common(options),
    redirectUri: redirect.redirectUri,
    authorize: (url) => {
      log.info('sign_in', `open this page to sign in: ${url.href}`)
      if (browser) openBrowser(url.href)
      return Promise.race([redirect.answer(url), aborted(signal)])
    },
  })
}

function byDevice(options: SignInOptions): Auth {
  return new DeviceAuth({
    ...common(options),
    signal: options.signal,
    onPrompt: ({ userCode, verificationUri, verificationUriComplete }) => {
      const complete =
        verificationUriComplete === undefined ? '' : `, or open ${verificationUriComplete}`
      options.log.info(
        'sign_in',
        `open ${verificationUri} on any device and enter the code ${userCode}${complete}`,
      )
    },
  })
}

const common = ({ store, scopes, dpop, client, clientMetadataUrl }: SignInOptions) => ({
  store,
  dpop,
  clientName: 'Holdfast bridge',
  ...(scopes !== undefined && { scopes }),
  ...(client !== undefined && { client }),
  ...(clientMetadataUrl !== undefined && { clientMetadataUrl }),
})

async function openRedirect(port: number | undefined): Promise<Redirect> {
  if (port === undefined) return openLoopbackRedirect()
  try {
    return await openLoopbackRedirect({ port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return openLoopbackRedirect()
  }
}

/** One refusal is answered at a time among all bridges; a person may take longer than a lock waits. */
async function inTurn<T>(
  { turn, signal }: Pick<SignInOptions, 'turn' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    let hasBegun = false
    try {
      return await turn.exclusive(() => {
        hasBegun = true
        return work()
      })
    } catch (error) {
      const isTaken = !hasBegun && error instanceof ClientError && error.code === 'CONFLICT'
      if (!isTaken || signal.aborted) throw error
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new ClientError('LOGIN_FAILED', 'the bridge was ended'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
