import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import { ClientError } from '../errors.ts'
import { type DetailedRequest, detailsParameter } from './authorization-details.ts'
import { type GrantRequest, targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { requireSecureUrl } from '../secure-url.ts'
import type { RegistrationOptions } from './registration.ts'
import { withNonceRetry } from './token-request.ts'
import { grantTypes } from './token-types.ts'

/** What a person has to do on another device. */
export interface DevicePrompt {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it, for a link or a QR code. */
  readonly verificationUriComplete: string | undefined
  /** Unix seconds. */
  readonly expiresAt: number
}

/** How a person signs in on another device. */
export interface DeviceOptions extends GrantAuthOptions, RegistrationOptions, DetailedRequest {
  /** Shows the prompt; polling goes on when it returns. */
  readonly onPrompt: (prompt: DevicePrompt) => void | Promise<void>
  /** Ends the polling. */
  readonly signal?: AbortSignal
}

/**
 * A person signs in on another device, for programs without a browser.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628}
 */
export class DeviceAuth extends GrantAuth {
  constructor(options: DeviceOptions) {
    super(
      {
        grantTypes: [grantTypes.deviceCode, 'refresh_token'],
        wantsRefresh: true,
        obtain: (request) => deviceGrant(request, options),
      },
      options,
    )
  }
}

/**
 * RFC 8628 section 3.5: what to add to the interval when the server says `slow_down`. When it does not
 * answer at all, the interval doubles.
 */
const slowDownSeconds = 5

/** Runs the device flow once. */
export async function deviceGrant(
  request: GrantRequest,
  {
    onPrompt,
    signal,
    ...details
  }: Pick<DeviceOptions, 'onPrompt' | 'signal' | 'authorizationDetails'>,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication, options, resource, fetch } = request
  const sending = { ...oauthOptions(server.issuer, fetch), ...(signal && { signal }) }
  const started = await oauth.processDeviceAuthorizationResponse(
    server,
    client,
    await oauth.deviceAuthorizationRequest(
      server,
      client,
      authentication,
      {
        ...targetParameters(request),
        ...detailsParameter(details),
        // As for codes, RFC 9449 section 10: nobody else can redeem a code that is seen on the way.
        ...(request.dpopJkt !== undefined && { dpop_jkt: request.dpopJkt }),
      },
      sending,
    ),
  )
  const expiresAt = Math.floor(Date.now() / 1000) + started.expires_in
  await onPrompt({ ...readPrompt(started), expiresAt })
  let interval = started.interval ?? 5
  while (Date.now() / 1000 < expiresAt) {
    await pause(interval * 1000, signal)
    try {
      return await withNonceRetry(
        () =>
          oauth.deviceCodeGrantRequest(server, client, authentication, started.device_code, {
            ...options,
            additionalParameters: { resource },
            ...sending,
          }),
        (response) => oauth.processDeviceCodeResponse(server, client, response),
      )
    } catch (error) {
      if (error instanceof ClientError && error.code === 'SERVER_UNREACHABLE') interval *= 2
      else if (!(error instanceof oauth.ResponseBodyError)) throw error
      else if (error.error === 'slow_down') interval += slowDownSeconds
      else if (error.error !== 'authorization_pending') throw error
    }
  }
  throw new ClientError('LOGIN_FAILED', 'nobody entered the code in time')
}

/** What is shown to a person, and opened: neither another scheme than https nor control characters. */
function readPrompt(started: oauth.DeviceAuthorizationResponse): Omit<DevicePrompt, 'expiresAt'> {
  const {
    user_code: userCode,
    verification_uri: uri,
    verification_uri_complete: complete,
  } = started
  if (!/^[\x20-\x7e]{1,64}$/.test(userCode)) {
    throw new ClientError('SERVER_ERROR', 'the code of the authorization server cannot be shown')
  }
  const page = 'the page for the code'
  return {
    userCode,
    verificationUri: requireSecureUrl(uri, page).href,
    verificationUriComplete:
      complete === undefined ? undefined : requireSecureUrl(complete, page).href,
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
