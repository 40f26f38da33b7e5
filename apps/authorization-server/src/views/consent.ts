import { html } from 'hono/html'
import { cloneNote } from './clone-note.ts'
import { appIdentity, type AppView } from './app-identity.ts'
import { type Html, page } from './page.ts'
import { openTools, toolsOfScope, type ToolView } from './tool-list.ts'

/** A connection that the user may choose. */
export interface ConnectionChoice {
  readonly handle: string
  /** Provider, label and host in words. */
  readonly text: string
}

/** A connection that the resource asks for, and what the user has to offer. */
export interface ConnectionRequest {
  readonly name: string
  /** Undefined where any will do. */
  readonly provider: string | undefined
  readonly description: string
  readonly optional: boolean
  readonly choices: readonly ConnectionChoice[]
  /** Own connections of this provider whose policy does not allow this resource. */
  readonly notAllowed: number
  /** The handle that the app names, where it leaves no choice. */
  readonly asked?: string | undefined
  /** What may be done with it, where the app says; none = whatever its own policy allows. */
  readonly actions?: readonly string[]
}

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
      ${
        view.anyOf?.length === 0 || view.connections.some(isConnectable)
          ? html`<form id="${connectForm}" method="post" action="/interaction/${view.uid}/connect">
              <input type="hidden" name="csrf" value="${view.csrf}" />
            </form>`
          : ''
      }`,
  })
}

/** True for one that the page offers to connect; not where the app insists on a handle, which no new one gets. */
export const isConnectable = ({ choices, asked }: ConnectionRequest): boolean =>
  choices.length === 0 && asked === undefined

/** Its buttons stand beside what they are for, in the other form, which the Enter key must send. */
const connectForm = 'connect'

const connectButton = (name: string, text: string): Html =>
  html`<p>
    <button type="submit" form="${connectForm}" name="connection" value="${name}">${text}</button>
  </p>`

function connectionPicker(request: ConnectionRequest): Html {
  const field = `connection.${request.name}`
  const provider = request.provider ?? ''
  const note =
    request.notAllowed === 0
      ? ''
      : html`<p class="soft">
          ${request.notAllowed} more of your ${provider} connections are not allowed for this server
          by their own policy; change that with
          <code>holdfast connections allow</code>.
        </p>`
  if (request.choices.length === 0) {
    return html`<h2>Connection “${request.name}”</h2>
      <p>${request.description}</p>
      ${actionList(request.actions)}
      <p class="${request.optional ? 'soft' : 'notice'}">
        ${
          request.asked === undefined
            ? html`You have no ${provider} connection for
                this.${request.optional ? ' It works without one.' : ''} Connect one here and you
                come back to this page, or make one with
                <code>holdfast connections add ${provider} --help</code> and reload it.`
            : html`The app asks for the connection <code>${request.asked}</code>, which is none that
                you can let it use here.`
        }
      </p>
      ${isConnectable(request) ? connectButton(request.name, `Connect ${provider === '' ? 'an account' : provider}`) : ''}
      ${note}`
  }
  return html`<h2>Connection “${request.name}”</h2>
    ${actionList(request.actions)}
    <label for="${field}">${request.description}</label>
    <select id="${field}" name="${field}" ${request.optional ? '' : 'required'}>
      ${
        request.optional
          ? html`<option value="" selected>None</option>`
          : html`<option value="" ${request.choices.length === 1 ? '' : 'selected'}>
              Choose one${provider === '' ? '' : ` for ${provider}`}
            </option>`
      }
      ${request.choices.map(
        ({ handle, text }) =>
          html`<option
            value="${handle}"
            ${!request.optional && request.choices.length === 1 ? 'selected' : ''}
          >
            ${text}
          </option>`,
      )}
    </select>
    ${note}`
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'Read',
  POST: 'Add or start',
  PUT: 'Replace',
  PATCH: 'Change',
  DELETE: 'Delete',
  '*': 'Do anything with',
}

function actionList(actions: readonly string[] | undefined): Html {
  if (actions === undefined) return html``
  if (actions.length === 0) {
    return html`<p>It may do with it whatever the connection itself allows.</p>`
  }
  return html`<p>It may only do this with it:</p>
    <ul>
      ${actions.map((action) => {
        const [method = '', path] = action.split(' ')
        return html`<li>
          ${verbs[method] ?? method} ${path === undefined ? 'anything' : html`<code>${path}</code>`}
          <span class="soft">${method === '*' ? 'all methods' : method}</span>
        </li>`
      })}
    </ul>`
}

function anyConnection(choices: readonly ConnectionChoice[] | undefined): Html {
  if (choices === undefined) return html``
  if (choices.length === 0) {
    return html`<p class="notice">
        You have no connection that allows direct calls. Connect one here and you come back to this
        page; or make one with <code>holdfast connections add</code>, or allow it for one that you
        have with <code>holdfast connections allow</code> (<code>--resources direct</code>), and
        reload it.
      </p>
      ${connectButton('', 'Connect an account')}`
  }
  return html`<fieldset>
    <legend>Connections that it may call through</legend>
    ${choices.map(
      ({ handle, text }) =>
        html`<label class="choice">
          <input type="checkbox" name="connection" value="${handle}" />
          <span>${text}</span>
        </label>`,
    )}
  </fieldset>`
}
