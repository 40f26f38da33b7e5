import { html } from 'hono/html'
import type { Html } from './page.ts'

/** A tool of the resource, as its server describes it. */
export interface ToolView {
  readonly name: string
  readonly description: string
  /** Scopes that it needs besides the server's own. */
  readonly scopes: readonly string[]
  readonly connections: readonly string[]
  readonly operations: readonly {
    readonly method: string
    readonly path: string
    readonly words?: string | undefined
  }[]
}

const shownAtOnce = 50

function toolItem({ name, description, connections, operations }: ToolView): Html {
  return html`<li>
    <code>${name}</code>${description === '' ? '' : ` ${description}`}
    ${connections.length === 0 ? '' : html`<span class="soft">through ${connections.join(', ')}</span>`}
    ${
      operations.length === 0
        ? ''
        : html`<ul>
            ${operations.map(
              ({ method, path, words }) =>
                html`<li>${words ?? ''} <code class="soft">${method} ${path}</code></li>`,
            )}
          </ul>`
    }
  </li>`
}

/** Tools in a part of the page that opens; nothing when there are none. */
export function toolList(title: string, tools: readonly ToolView[]): Html {
  if (tools.length === 0) return html``
  const hidden = tools.length - shownAtOnce
  return html`<details class="soft">
    <summary>${title} (${tools.length})</summary>
    <ul>
      ${tools.slice(0, shownAtOnce).map(toolItem)}
      ${hidden > 0 ? html`<li>and ${hidden} more</li>` : ''}
    </ul>
  </details>`
}

/** The tools that a scope opens. */
export const toolsOfScope = (tools: readonly ToolView[], scope: string): Html =>
  toolList(
    'Opens these tools',
    tools.filter(({ scopes }) => scopes.includes(scope)),
  )

/** The tools that need no scope of their own. */
export const openTools = (tools: readonly ToolView[]): Html =>
  toolList(
    'Tools of this server',
    tools.filter(({ scopes }) => scopes.length === 0),
  )
