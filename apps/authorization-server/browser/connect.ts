/** The script of the connect page: checks what is pasted, seals it here, sends the ciphertext. */
import './no-eval.ts'
import { loadCatalog, toReservation } from '@holdfast/providers'
import { insists, resetInsistence, showFindings } from './findings.ts'
import { type EnclaveKey, fetchEnclaveKey } from './keys.ts'
import { showOutcome } from './outcome.ts'
import { type Page, part, readPage, say, valuesOf } from './page.ts'
import { sealAndSend } from './seal.ts'
import { clearSecrets, takeSecrets, wipe } from './secrets.ts'

const page = readPage()
const catalog = loadCatalog([{ provider: page.data.provider, override: true }])
const problem = part(page.form, '#problem')
const button = part(page.form, 'button[type=submit]') as HTMLButtonElement

function chooseKind(): void {
  const { element } = page.chosen()
  for (const group of page.form.querySelectorAll<HTMLElement>('[data-kind]')) {
    group.hidden = group !== element
    if (group.hidden) clearSecrets(group)
  }
  resetInsistence(page)
  showFindings(catalog, page)
}

/** What the person chose, and where the key will go: from the catalog, never from an answer. */
function reservationOf({ data, form, chosen }: Page): ReturnType<typeof toReservation> {
  const { kind, element } = chosen()
  const own = form.querySelector<HTMLInputElement>('#base-url')?.value.trim()
  const baseUrl = data.renewed?.baseUrl ?? own
  const reservation = toReservation(data.provider, kind, {
    variables: data.renewed?.variables ?? valuesOf(form, 'variable'),
    details: valuesOf(element, 'input'),
    ...(baseUrl !== undefined && baseUrl !== '' && { baseUrl }),
  })
  if (data.renewed !== null && reservation.base_url !== data.renewed.baseUrl) {
    throw new Error('this connection has another address than the catalog says')
  }
  return reservation
}

async function submit(enclave: EnclaveKey): Promise<void> {
  say(problem, undefined)
  if (showFindings(catalog, page).isDoubtful && !insists(page)) {
    say(problem, 'Nothing was sent: look at what is said about the key above, or tick the box.')
    return
  }
  const reservation = reservationOf(page)
  const { kind, element } = page.chosen()
  const secrets = takeSecrets(element, kind)
  resetInsistence(page)
  showFindings(catalog, page)
  button.disabled = true
  part(document, '#progress').textContent = 'Sealing, and asking the provider whose account it is…'
  try {
    const allow = page.form.querySelector<HTMLInputElement>('input[name=allow]:checked')?.value
    const outcome = await sealAndSend(page.data, enclave, reservation, { secrets, allow })
    showOutcome(page, enclave, outcome)
  } catch (error) {
    part(document, '#progress').textContent = ''
    throw error
  } finally {
    wipe(secrets)
    button.disabled = false
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'something went wrong on this page'

async function start(): Promise<void> {
  page.form.hidden = false
  chooseKind()
  page.form.querySelector('#kind')?.addEventListener('change', chooseKind)
  page.form.addEventListener('input', ({ target }) => {
    if ((target as HTMLElement).dataset['secret'] !== undefined) resetInsistence(page)
    showFindings(catalog, page)
  })
  // What is left in the fields must not come back with the page.
  addEventListener('pagehide', () => clearSecrets(page.form))
  let enclave: EnclaveKey | undefined
  page.form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!enclave) return
    submit(enclave).catch((error: unknown) => say(problem, wordsOf(error)))
  })
  const line = part(page.form, '#enclave')
  try {
    enclave = await fetchEnclaveKey()
  } catch (error) {
    line.hidden = true
    say(problem, `Nothing can be sealed here: ${wordsOf(error)}`)
    return
  }
  const first = enclave.isNew ? ' Seen for the first time in this browser.' : ''
  line.textContent = `What you paste is sealed in this browser to the enclave ${enclave.fingerprint}.${first}`
  button.disabled = false
}

void start()
