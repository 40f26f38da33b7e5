import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import { ClientError } from '../errors.ts'
import { requireSecureUrl } from '../secure-url.ts'
import { type DetailedRequest, detailsParameter } from './authorization-details.ts'
import { type PollingClock, pollForTokens } from './device-polling.ts'
import { type GrantRequest, targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
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
 * Runs the device flow once.
 *
 * @throws ClientError `FORBIDDEN` when the person declined, `LOGIN_FAILED` when the code has ended
 */
export async function deviceGrant(
  request: GrantRequest,
  {
    onPrompt,
    signal,
    ...details
  }: Pick<DeviceOptions, 'onPrompt' | 'signal' | 'authorizationDetails'>,
  clock?: PollingClock,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication, options, resource, fetch } = request
  const sending = oauthOptions(server.issuer, fetch)
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
      { ...sending, ...(signal && { signal }) },
    ),
  )
  const endsAtMs = (clock?.now() ?? Date.now()) + started.expires_in * 1000
  await onPrompt({ ...readPrompt(started), expiresAt: Math.floor(endsAtMs / 1000) })
  const redeem = (untilAnswered: AbortSignal): Promise<oauth.TokenEndpointResponse> =>
    withNonceRetry(
      async () => {
        const response = await oauth.deviceCodeGrantRequest(
          server,
          client,
          authentication,
          started.device_code,
          { ...options, additionalParameters: { resource }, ...sending, signal: untilAnswered },
        )
        return requireAnswer(response)
      },
      (response) => oauth.processDeviceCodeResponse(server, client, response),
    )
  const plan = { intervalSeconds: started.interval ?? 5, endsAtMs, signal }
  return pollForTokens(redeem, plan, clock)
}

/** A server that is overloaded, or whose proxy answers for it, has not answered. */
async function requireAnswer(response: Response): Promise<Response> {
  const { status } = response
  if (status !== 429 && status < 500) return response
  await response.body?.cancel()
  throw new ClientError('SERVER_UNREACHABLE', `the authorization server answers ${status}`, {
    status,
  })
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
