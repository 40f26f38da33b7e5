import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { AppContext, RequestState } from '../../context.ts'
import { deviceCodePage, deviceConfirmPage, type DeviceCodeProblem } from '../../views/device.ts'
import { messagePage } from '../../views/message.ts'
import { sendPage } from '../../views/page.ts'
import { html } from 'hono/html'

/** Seconds that a device waits between two questions. @see {@link https://www.rfc-editor.org/rfc/rfc8628#section-3.2} */
export const pollIntervalSeconds = 5

/** Life of a user code: long enough to walk to another room, short enough not to be guessed. */
export const deviceCodeTtlSeconds = 600

/** What was known of the request when the device asked. */
export interface DeviceInfo {
  readonly address?: string | undefined
  readonly requestedAtMs?: number | undefined
  /** Thumbprint of the key to which the device bound its code. */
  readonly dpopJkt?: string | undefined
}

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

const stateOf = (koa: KoaContextWithOIDC): Partial<RequestState> => koa.state

/** The field that ties a form to the browser session in which the library showed it. */
const formToken = ({ oidc }: KoaContextWithOIDC): string =>
  (oidc.session?.state as { secret?: string } | undefined)?.secret ?? ''

/** The device authorization grant, with our pages. @see {@link https://www.rfc-editor.org/rfc/rfc8628} */
export const deviceFlow = ({ clock }: Pick<AppContext, 'clock'>): DeviceFlow => ({
  enabled: true,
  charset: 'base-20',
  mask: '****-****',
  deviceInfo: (koa): DeviceInfo & Record<string, unknown> => {
    const jkt: unknown = koa.oidc.body?.['dpop_jkt']
    return {
      address: stateOf(koa).remoteAddress,
      requestedAtMs: clock(),
      ...(typeof jkt === 'string' && { dpopJkt: jkt }),
    }
  },
  async userCodeInputSource(koa, _form, out, error) {
    const problem = problemOf(error)
    if (problem === 'unknown') stateOf(koa).wrongDeviceCode = true
    await sendPage(
      koa,
      problem === undefined && out === undefined ? 200 : 400,
      deviceCodePage({
        token: formToken(koa),
        // Never what was posted: an unknown code is typed again, and nothing unchecked is echoed.
        code: stateOf(koa).deviceCode,
        problem: problem ?? (out === undefined ? undefined : 'failed'),
      }),
    )
  },
  async userCodeConfirmSource(koa, _form, client, deviceInfo, userCode) {
    const { address, requestedAtMs } = deviceInfo as DeviceInfo
    await sendPage(
      koa,
      200,
      deviceConfirmPage({
        token: formToken(koa),
        code: userCode,
        clientId: client.clientId,
        clientName: client.clientName ?? client.clientId,
        address,
        minutesAgo:
          requestedAtMs === undefined ? undefined : Math.floor((clock() - requestedAtMs) / 60_000),
        sameAddress: address !== undefined && address === stateOf(koa).remoteAddress,
      }),
    )
  },
  async successSource(koa) {
    await sendPage(
      koa,
      200,
      messagePage(
        'Your device is signed in',
        html`<p role="status">
          ${koa.oidc.client?.clientName ?? 'The app'} goes on by itself. You can close this page.
        </p>`,
      ),
    )
  },
})

const problems: Readonly<Record<string, DeviceCodeProblem>> = {
  NoCodeError: 'missing',
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  AbortedError: 'denied',
}

const problemOf = (error: unknown): DeviceCodeProblem | undefined =>
  error instanceof Error ? problems[error.name] : undefined
