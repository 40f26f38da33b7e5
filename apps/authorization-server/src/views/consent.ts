import { html } from 'hono/html'
import { appIdentity, type AppView } from './app-identity.ts'
import { cloneNote } from './clone-note.ts'
import {
  anyConnection,
  type ConnectionChoice,
  connectionPicker,
  type ConnectionRequest,
  connectForm,
} from './consent-connections.ts'
import { type Html, page } from './page.ts'
import { openTools, toolsOfScope, type ToolView } from './tool-list.ts'

export interface ConsentView extends AppView {
  readonly uid: string
  readonly csrf: string
  readonly email: string
  readonly redirectTo: string
  readonly redirectKind: 'web' | 'loopback' | 'app' | 'device'
  readonly resourceName: string
  readonly resource: string
  readonly requiredScopes: readonly { readonly name: string; readonly description: string }[]
  readonly optionalScopes: readonly { readonly name: string; readonly description: string }[]
  /** What the resource's server says that its tools do. */
  readonly tools: readonly ToolView[]
  readonly connections: readonly ConnectionRequest[]
  /** For direct dispatch: any of the user's connections. */
  readonly anyOf: readonly ConnectionChoice[] | undefined
  readonly lifetimeDays: number | undefined
  readonly error?: string | undefined
}

const redirectWarnings: Record<ConsentView['redirectKind'], string | undefined> = {
  web: undefined,
  loopback:
    'We cannot check which app on this computer is asking. Allow this only if you have just started it yourself.',
  device:
    'The access goes to the device that shows your code, not to this browser. Allow this only if that device is in front of you.',
  app: 'We cannot check which app on this device has taken this address. Allow this only if you have just started it yourself.',
}

/** Who asks, where the answer goes, what may be done, and with which connections. */
export function consentPage(view: ConsentView): Html {
  const missing = view.connections.filter(
    ({ optional, choices }) => !optional && choices.length === 0,
  )
  const blocked = missing.length > 0 || view.anyOf?.length === 0
  const warning = redirectWarnings[view.redirectKind]
  return page({
    title: `Allow ${view.clientName}?`,
    content: html`<form class="soft" method="post" action="/interaction/${view.uid}/switch">
        <input type="hidden" name="csrf" value="${view.csrf}" />
        Signed in as ${view.email}.
        <button class="link" type="submit">Use another account</button>
      </form>
      <h1>Allow ${view.clientName} to use ${view.resourceName}?</h1>
      ${view.error === undefined ? '' : html`<p class="error" role="alert">${view.error}</p>`}
      <dl>
        <dt>Who asks</dt>
        <dd>${appIdentity(view)}</dd>
        <dt>The answer goes to</dt>
        <dd>
          ${
            view.redirectKind === 'device' ? view.redirectTo : html`<code>${view.redirectTo}</code>`
          }
        </dd>
        <dt>Server</dt>
        <dd><code>${view.resource}</code></dd>
      </dl>
      ${warning === undefined ? '' : html`<p class="notice">${warning}</p>`}
      <form method="post" action="/interaction/${view.uid}/consent">
        <input type="hidden" name="csrf" value="${view.csrf}" />
        <h2>It will be able to</h2>
        <ul>
          ${view.requiredScopes.map(
            ({ name, description }) =>
              html`<li>
                ${description} <code class="soft">${name}</code>
                ${toolsOfScope(view.tools, name)}
              </li>`,
          )}
        </ul>
        ${openTools(view.tools)}
        ${
          view.optionalScopes.length === 0
            ? ''
            : html`<fieldset>
                <legend>Only if you tick it</legend>
                ${view.optionalScopes.map(
                  ({ name, description }) => html`
                    <label class="choice">
                      <input type="checkbox" name="scope" value="${name}" />
                      <span>${description} <code class="soft">${name}</code></span>
                    </label>
                    ${toolsOfScope(view.tools, name)}
                  `,
                )}
              </fieldset>`
        }
        ${view.connections.map(connectionPicker)} ${anyConnection(view.anyOf)}
        ${blocked ? cloneNote() : ''}
        <p class="soft">
          ${
            view.lifetimeDays === undefined
              ? 'The access ends by itself after a few minutes.'
              : `The access stays until you take it away, for ${view.lifetimeDays} days at most.`
          }
          Your credentials themselves are never handed out.
        </p>
        <div class="actions">
          ${blocked ? '' : html`<button type="submit" class="primary">Allow</button>`}
          <button type="submit" formaction="/interaction/${view.uid}/abort" formnovalidate>
            Deny
          </button>
        </div>
      </form>
      ${connectForm(view)}`,
  })
}
