import type { Provider, ProviderKind, Variables } from '@holdfast/providers'
import { html } from 'hono/html'
import { ticketPagePath } from '../connect/tickets.ts'
import type { AgentView } from '../interaction/describe-agent.ts'
import { appIdentity } from './app-identity.ts'
import type { Html } from './page.ts'

/** What the pages of a connect ticket show. */
export interface ConnectPageView {
  readonly ticket: string
  readonly owner: string
  /** Name under which a resource asks for it. */
  readonly name: string | undefined
  readonly providerName: string
  /** Undefined when the catalog does not know it. */
  readonly provider: Provider | undefined
  readonly title: string
  readonly resource: { readonly uri: string; readonly name: string } | undefined
  /** The app for which it is asked. */
  readonly agent: AgentView | undefined
  /** Set when the grant of who asked will name the connection. */
  readonly isGranted: boolean
  /** The consent that goes on with the connection. */
  readonly returnTo: string | undefined
  /** What it is allowed, in words; undefined when the person chooses. */
  readonly allowed: string | undefined
  readonly apps: readonly { readonly handle: string; readonly label: string }[]
  readonly kinds: readonly ProviderKind[]
  /** What its owner has connected before and may use here. */
  readonly existing: readonly { readonly handle: string; readonly words: string }[]
  readonly renewed:
    | {
        readonly handle: string
        readonly baseUrl: string
        readonly label: string
        readonly variables: Variables
      }
    | undefined
}

/** The same page, on which the account is connected in another way. */
export const byWay = (
  { ticket, providerName }: ConnectPageView,
  way: 'key' | 'sign-in' | 'existing' | 'new',
): string => `${ticketPagePath}/${ticket}?by=${way}&provider=${encodeURIComponent(providerName)}`

/** Who asks for the connection, for which app, and what it will be allowed. */
export function whoAsks(view: ConnectPageView): Html {
  const { resource, agent, isGranted, allowed, renewed, returnTo } = view
  return html`<dl>
    ${
      resource === undefined
        ? ''
        : html`<dt>Who asks</dt>
            <dd>${resource.name}<br /><code>${resource.uri}</code></dd>`
    }
    ${agent === undefined ? '' : agentLines(agent, resource !== undefined)}
    ${
      renewed === undefined
        ? ''
        : html`<dt>Connection</dt>
            <dd>${renewed.label}<br /><code>${renewed.handle}</code></dd>`
    }
    ${
      allowed === undefined
        ? ''
        : html`<dt>What it is allowed</dt>
            <dd>${allowed}</dd>`
    }
    ${
      isGranted
        ? html`<dt>Afterwards</dt>
            <dd>
              The app that you let use ${resource?.name ?? 'it'} may use this connection too.
            </dd>`
        : ''
    }
    ${
      returnTo === undefined
        ? ''
        : html`<dt>Afterwards</dt>
            <dd>You come back and decide whether the app may use this connection.</dd>`
    }
  </dl>`
}

const agentLines = (agent: AgentView, isAskedFor: boolean): Html =>
  html`<dt>${isAskedFor ? 'For which app' : 'You started this in'}</dt>
    <dd>${appIdentity(agent)}</dd>
    ${
      agent.unverified === undefined || agent.addresses.length === 0
        ? ''
        : html`<dt>Its answers go to</dt>
            <dd>${agent.addresses.map((address) => html`<code>${address}</code> `)}</dd>`
    }`

/** The choice of what the connection is allowed, where nothing says it yet. */
export function allowChoice({ allowed, renewed, resource, returnTo }: ConnectPageView): Html | '' {
  if (allowed !== undefined || renewed !== undefined) return ''
  const who = resource?.name ?? 'your own calls'
  const choice = (value: string, words: string, isFirst = false): Html =>
    html`<label class="choice"
      ><input type="radio" name="allow" value="${value}" ${isFirst ? html`checked` : ''} />
      <span>${words}</span></label
    >`
  return html`<fieldset>
    <legend>What ${who} may do with it</legend>
    ${choice('read', 'Only read (GET requests)', true)}
    ${choice('all', 'Read and change (any request)')}
    ${returnTo === undefined ? choice('none', 'Nothing yet: I decide later') : ''}
  </fieldset>`
}
