import { secretFieldsOf, type CredentialKind } from '@holdfast/protocol'
import type { ProviderField, ProviderInput, ProviderKind } from '@holdfast/providers'
import { html } from 'hono/html'
import type { BrowserScript } from './browser-scripts.ts'
import { cloneNote } from './clone-note.ts'
import { existingLink } from './connect-existing.ts'
import { allowChoice, byWay, type ConnectPageView, whoAsks } from './connect-page-view.ts'
import { type Html, page } from './page.ts'

/**
 * The page on which a credential is pasted and sealed. Nothing that holds a secret has a name or a form
 * that could be sent: only the script reads it, and without the script it stays hidden.
 */
export function sealingPage(
  view: ConnectPageView,
  script: BrowserScript | undefined,
  nonce: string,
): Html {
  const { title, kinds, ticket, provider, renewed, owner, apps, returnTo } = view
  const canSeal = script !== undefined && kinds.length > 0
  const data = { ticket, owner, provider, renewed: renewed ?? null, returnTo: returnTo ?? null }
  return page({
    title: `Connect ${title}`,
    script: canSeal
      ? html`<script
          type="module"
          src="${script.path}"
          integrity="${script.integrity}"
          nonce="${nonce}"
        ></script>`
      : undefined,
    content: html`<h1>${renewed === undefined ? 'Connect' : 'Renew'} ${title}</h1>
      ${whoAsks(view)}
      ${canSeal ? html`<noscript>${byCommand(view, 'This page needs JavaScript to seal what you paste.')}</noscript>` : byCommand(view, 'This account cannot be connected on this page.')}
      ${canSeal ? form(view, JSON.stringify(data)) : ''}
      ${
        renewed === undefined && apps.length > 0
          ? html`<p>
              <a href="${byWay(view, 'sign-in')}">Sign in at ${title} instead</a>
            </p>`
          : ''
      }
      ${existingLink(view)}`,
  })
}

/** The stronger way, which is also the one without scripts. */
function byCommand(
  { ticket, renewed, providerName, resource }: ConnectPageView,
  why: string,
): Html {
  // Without a resource nothing says what it is for.
  const allow = resource === undefined ? '' : ' --allow read'
  const command =
    renewed === undefined
      ? `holdfast connections add ${providerName} --ticket ${ticket}${allow}`
      : `holdfast connections rotate ${renewed.handle}`
  return html`<p class="notice">${why} In a terminal: <code>${command}</code></p>
    ${cloneNote()}`
}

function form(view: ConnectPageView, data: string): Html {
  const { provider, renewed, kinds } = view
  const variables = renewed === undefined ? Object.entries(provider?.variables ?? {}) : []
  return html`<form id="connect" data-connect="${data}" autocomplete="off" hidden>
      ${allowChoice(view)} ${kindChoice(kinds)}
      ${
        provider?.self_hosted === true && renewed === undefined
          ? html`<label for="base-url">Address of its API, if you run it yourself (optional)</label>
              <input id="base-url" type="text" inputmode="url" placeholder="https://" />`
          : ''
      }
      ${variables.map(([name, one]) => plainInput('variable', name, one))}
      ${kinds.map((kind, at) => kindFields(kind, at > 0))}
      <label class="choice" id="any-key" hidden>
        <input type="checkbox" />
        <span>I am sure that this is the right key: seal and send it</span>
      </label>
      <p id="problem" class="error" role="alert" hidden></p>
      <p id="enclave" class="soft">Checking the enclave’s key…</p>
      <div class="actions">
        <button type="submit" class="primary" disabled>Seal and connect</button>
      </div>
    </form>
    <div id="progress" role="status" aria-live="polite"></div>`
}

const kindChoice = (kinds: readonly ProviderKind[]): Html | '' =>
  kinds.length < 2
    ? ''
    : html`<label for="kind">Kind of key</label>
        <select id="kind">
          ${kinds.map(({ id, title }) => html`<option value="${id}">${title}</option>`)}
        </select>`

const kindFields = (kind: ProviderKind, isHidden: boolean): Html =>
  html`<div data-kind="${kind.id}" ${isHidden ? html`hidden` : ''}>
    ${kind.advice === undefined ? '' : html`<p class="soft">${kind.advice}</p>`}
    ${Object.entries(kind.inputs).map(([name, one]) => plainInput(`input-${kind.id}`, name, one))}
    ${Object.entries(kind.fields).map(([name, field]) => secretInput(kind, name, field))}
  </div>`

function plainInput(
  group: string,
  name: string,
  {
    title,
    example,
    optional,
    ...rest
  }: ProviderInput & {
    readonly choices?: readonly string[] | undefined
    readonly default?: string | undefined
  },
): Html {
  const id = `${group}-${name}`
  const { choices, default: value = '' } = rest
  return html`<label for="${id}">${title}${optional === true ? ' (optional)' : ''}</label> ${
      choices === undefined
        ? html`<input
            id="${id}"
            type="text"
            data-${group.split('-')[0]}="${name}"
            value="${value}"
            placeholder="${example}"
            autocapitalize="none"
            spellcheck="false"
          />`
        : html`<select id="${id}" data-${group.split('-')[0]}="${name}">
            ${choices.map((one) => html`<option ${one === value ? html`selected` : ''}>${one}</option>`)}
          </select>`
    }`
}

function secretInput(kind: ProviderKind, name: string, field: ProviderField): Html | '' {
  if (field.constant !== undefined) return ''
  const id = `secret-${kind.id}-${name}`
  const { multiline } = secretFieldsOf(kind.credential as CredentialKind)
  const { where } = field
  return html`<label for="${id}">${field.title}</label>
    ${
      multiline?.includes(name) === true
        ? html`<textarea
            id="${id}"
            data-secret="${name}"
            rows="6"
            spellcheck="false"
            autocomplete="off"
            aria-describedby="${id}-hint"
          ></textarea>`
        : html`<input
            id="${id}"
            data-secret="${name}"
            type="${field.visible === true ? 'text' : 'password'}"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            aria-describedby="${id}-hint"
          />`
    }
    <p class="soft" id="${id}-hint">
      ${
        where === undefined
          ? ''
          : where.url.includes('{')
            ? where.words
            : html`${where.words}
                <a href="${where.url}" target="_blank" rel="noreferrer noopener">Open that page</a>`
      }
    </p>
    <p class="notice" data-finding="${name}" role="status" hidden></p>`
}
