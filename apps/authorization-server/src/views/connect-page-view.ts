import type { Provider, ProviderKind, Variables } from '@holdfast/providers'
import { html } from 'hono/html'
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
  readonly client: string | undefined
  /** Set when the grant of who asked will name the connection. */
  readonly isGranted: boolean
  /** What it is allowed, in words; undefined when the person chooses. */
  readonly allowed: string | undefined
  readonly apps: readonly { readonly handle: string; readonly label: string }[]
  readonly kinds: readonly ProviderKind[]
  readonly renewed:
    | {
        readonly handle: string
        readonly baseUrl: string
        readonly label: string
        readonly variables: Variables
      }
    | undefined
}

/** Who asks for the connection, and what it will be allowed. */
export function whoAsks({ resource, client, isGranted, allowed, renewed }: ConnectPageView): Html {
  return html`<dl>
    ${
      resource === undefined
        ? client === undefined
          ? ''
          : html`<dt>You started this in</dt>
              <dd>${client}</dd>`
        : html`<dt>Who asks</dt>
            <dd>${resource.name}<br /><code>${resource.uri}</code></dd>`
    }
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
  </dl>`
}

/** The choice of what the connection is allowed, where nothing says it yet. */
export function allowChoice({ allowed, renewed, resource }: ConnectPageView): Html | '' {
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
    ${choice('none', 'Nothing yet: I decide later')}
  </fieldset>`
}
