import { html } from 'hono/html'
import type { Html } from './page.ts'

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

/** True for one that the page offers to connect; not where the app insists on a handle, which no new one gets. */
export const isConnectable = ({ choices, asked }: ConnectionRequest): boolean =>
  choices.length === 0 && asked === undefined

const connectFormId = 'connect'

const connectButton = (name: string, text: string): Html =>
  html`<p>
    <button type="submit" form="${connectFormId}" name="connection" value="${name}">${text}</button>
  </p>`

/** The form of the buttons that connect an account; they stand in the other one, which the Enter key must send. */
export const connectForm = (view: {
  readonly uid: string
  readonly csrf: string
  readonly connections: readonly ConnectionRequest[]
  readonly anyOf: readonly ConnectionChoice[] | undefined
}): Html | '' =>
  view.anyOf?.length === 0 || view.connections.some(isConnectable)
    ? html`<form id="${connectFormId}" method="post" action="/interaction/${view.uid}/connect">
        <input type="hidden" name="csrf" value="${view.csrf}" />
      </form>`
    : ''

/** The choice of one connection that the app asks for, or how to come by one. */
export function connectionPicker(request: ConnectionRequest): Html {
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

/** The choice of connections for calls of one's own. */
export function anyConnection(choices: readonly ConnectionChoice[] | undefined): Html {
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
