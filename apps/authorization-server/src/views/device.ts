import { html } from 'hono/html'
import { type Html, page } from './page.ts'

/** Why a code leads nowhere. */
export type DeviceCodeProblem = 'missing' | 'unknown' | 'expired' | 'used' | 'denied' | 'failed'

const problems: Record<DeviceCodeProblem, string> = {
  missing: 'Type the code that your device shows.',
  unknown: 'There is no such code. Look again at what your device shows.',
  expired: 'This code has expired. Start again on your device to get a new one.',
  used: 'This code was used already. Start again on your device to get a new one.',
  denied: 'Nothing was granted. Your device has been told so.',
  failed: 'This did not work. Type the code again; if that fails too, start again on your device.',
}

export interface DeviceCodeView {
  /** Ties the form to the browser session. */
  readonly token: string
  /** From a link; shown to be compared, never taken without a click. */
  readonly code: string | undefined
  readonly problem: DeviceCodeProblem | undefined
}

/** Asks for the code that a device shows. */
export function deviceCodePage({ token, code, problem }: DeviceCodeView): Html {
  return page({
    title: 'Connect a device',
    content: html`<h1>Connect a device</h1>
      ${problem === undefined ? '' : html`<p class="error" role="alert">${problems[problem]}</p>`}
      <p>
        Type the code that <strong>your own</strong> device shows right now. If somebody sent you a
        code or a link to this page, do not go on: they want your access.
      </p>
      <form method="post" action="/device">
        <input type="hidden" name="xsrf" value="${token}" />
        <label for="user_code">Code</label>
        <input
          id="user_code"
          name="user_code"
          type="text"
          required
          maxlength="20"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          placeholder="XXXX-XXXX"
          value="${code ?? ''}"
        />
        <div class="actions"><button type="submit" class="primary">Continue</button></div>
      </form>`,
  })
}

export interface DeviceConfirmView {
  readonly token: string
  readonly code: string
  readonly clientId: string
  readonly clientName: string
  /** From where the device asked. */
  readonly address: string | undefined
  readonly minutesAgo: number | undefined
  /** The device and this browser come from one address. */
  readonly sameAddress: boolean
}

/** Has the user compare the code and the facts before they sign in for a device. */
export function deviceConfirmPage(view: DeviceConfirmView): Html {
  return page({
    title: 'Is this your device?',
    content: html`<h1>Is this your device?</h1>
      <dl>
        <dt>It must show exactly this code</dt>
        <dd><code class="big">${view.code}</code></dd>
        <dt>App</dt>
        <dd>“${view.clientName}” (<code>${view.clientId}</code>)</dd>
        ${
          view.address === undefined
            ? ''
            : html`<dt>It asked from</dt>
                <dd>
                  <code>${view.address}</code
                  >${view.sameAddress ? ', the address that you have too' : ''}
                </dd>`
        }
        ${
          view.minutesAgo === undefined
            ? ''
            : html`<dt>When</dt>
                <dd>
                  ${
                    view.minutesAgo === 0
                      ? 'less than a minute ago'
                      : `${view.minutesAgo} minute${view.minutesAgo === 1 ? '' : 's'} ago`
                  }
                </dd>`
        }
      </dl>
      <p class="notice">
        Go on only if you started this yourself, on a device in front of you. If somebody gave you
        the code, by message, mail or phone, say no: they would get the access, not you.
      </p>
      <form method="post" action="/device">
        <input type="hidden" name="xsrf" value="${view.token}" />
        <input type="hidden" name="user_code" value="${view.code}" />
        <div class="actions">
          <button type="submit" name="abort" value="yes" class="primary">
            No, this is not mine
          </button>
          <button type="submit" name="confirm" value="yes">Yes, it shows this code</button>
        </div>
      </form>`,
  })
}
