import type { EnclaveKey } from './keys.ts'
import { type Page, part, say } from './page.ts'
import { post } from './post.ts'
import type { Outcome } from './seal.ts'

const words: Readonly<Record<Outcome['result'], string>> = {
  ok: 'The provider took the key.',
  forbidden: 'The key is stored. The provider did not let it ask whose account it is.',
  failed: 'The key is stored. The provider could not be asked whose account it is.',
  unavailable: 'The key is stored. Nobody can ask this provider whose account it is.',
  kept: 'The key is stored although the provider did not take it.',
  refused:
    'The provider does not take this key. It is stored, and of no use. Paste another one, or ',
  restored:
    'The provider does not take this key. The connection has the key again that it had. Paste another one.',
}

/** Shows what came of a credential: a receipt, or why another is needed. */
export function showOutcome(page: Page, enclave: EnclaveKey, outcome: Outcome): void {
  const progress = part(document, '#progress')
  progress.replaceChildren()
  if (outcome.result === 'refused' || outcome.result === 'restored') {
    progress.append(refusal(page, enclave, outcome.result))
    return
  }
  page.form.hidden = true
  const title = outcome.account === null ? 'Connected' : `Connected as ${outcome.account}`
  progress.append(
    element('h2', title),
    element('p', words[outcome.result]),
    whatNext(page.data.returnTo),
    receipt([
      ['Connection', outcome.handle],
      ['Sealed to the enclave', enclave.fingerprint],
      ['With its key', enclave.key.kid],
      ['At', new Date().toISOString()],
    ]),
  )
}

function whatNext(returnTo: string | null): HTMLElement {
  if (returnTo === null) return element('p', 'You can close this tab.')
  const link = element('a', 'Go on and decide about the app')
  link.href = returnTo
  const next = element('p', '')
  next.append(link)
  return next
}

function refusal(page: Page, enclave: EnclaveKey, result: 'refused' | 'restored'): HTMLElement {
  const notice = element('p', words[result])
  notice.className = 'error'
  if (result === 'restored') return notice
  const keep = element('button', 'keep this one')
  keep.className = 'link'
  keep.type = 'button'
  keep.addEventListener('click', () => {
    post<Outcome>(page.data.ticket, 'keep', {}).then(
      (kept) => showOutcome(page, enclave, kept),
      (error: unknown) => say(part(page.form, '#problem'), String(error)),
    )
  })
  notice.append(keep)
  return notice
}

function receipt(lines: readonly (readonly [string, string])[]): HTMLElement {
  const list = element('dl', '')
  for (const [name, value] of lines) {
    const told = document.createElement('dd')
    told.append(element('code', value))
    list.append(element('dt', name), told)
  }
  return list
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
