/** Forms as a browser sees them: what they hold, and what a person can and cannot send with them. */
import type { HTMLElement } from 'node-html-parser'

/** What a person fills in: text, the ticked values of checkboxes, or yes and no for a single one. */
export type FormValues = Readonly<Record<string, string | readonly string[] | boolean>>

/** A form of a page. */
export interface Form {
  /** Absolute URL that it is sent to, unless its button says otherwise. */
  readonly action: URL
  readonly method: 'GET' | 'POST'
  /** Names of its fields, hidden ones too. */
  readonly fields: readonly string[]
  /** Visible texts of its submit buttons, in their order. */
  readonly buttons: readonly string[]
  readonly element: HTMLElement
}

/** A form that was filled in: ready to be sent. */
export interface Submission {
  readonly action: URL
  readonly method: 'GET' | 'POST'
  readonly entries: URLSearchParams
}

const FIELDS = 'input, select, textarea'
const BUTTONS = 'button, input[type=submit]'

/** Every form of a page. */
export function formsOf(html: HTMLElement, base: URL): readonly Form[] {
  return html.querySelectorAll('form').map((element) => ({
    action: new URL(element.getAttribute('action') ?? '', base),
    method: methodOf(element.getAttribute('method')),
    fields: fieldsOf(element).map(nameOf),
    buttons: submitButtons(element).map(textOf),
    element,
  }))
}

/**
 * Fills a form in and presses a button, by default the first, which is what the Enter key presses.
 *
 * @throws Error when a person could not do that: no such field, button or choice, a hidden field, or a
 * required field left empty.
 * @see HTML standard, sections 4.10.21.2 (implicit submission) and 4.10.21.4 (the entry list)
 */
export function fillForm(form: Form, values: FormValues, buttonText?: string): Submission {
  const unknown = Object.keys(values).find((name) => !form.fields.includes(name))
  if (unknown !== undefined) throw new Error(`the form has no field ${unknown}`)
  const button = findButton(form, buttonText)
  const entries = new URLSearchParams()
  for (const field of fieldsOf(form.element)) {
    for (const value of chosenValues(field, values[nameOf(field)])) {
      entries.append(nameOf(field), value)
    }
  }
  refuseImpossibleChoices(values, entries)
  if (button?.hasAttribute('formnovalidate') !== true) requireFilled(form, entries)
  const name = button?.getAttribute('name')
  if (name !== undefined) entries.append(name, button?.getAttribute('value') ?? '')
  const formAction = button?.getAttribute('formaction')
  const formMethod = button?.getAttribute('formmethod')
  return {
    action: formAction === undefined ? form.action : new URL(formAction, form.action),
    method: formMethod === undefined ? form.method : methodOf(formMethod),
    entries,
  }
}

function chosenValues(field: HTMLElement, wanted: FormValues[string] | undefined): string[] {
  const type = typeOf(field)
  if (type === 'checkbox' || type === 'radio') {
    const value = field.getAttribute('value') ?? 'on'
    const checked = wanted === undefined ? field.hasAttribute('checked') : isChosen(value, wanted)
    return checked ? [value] : []
  }
  if (type === 'select') return selectedOptions(field, wanted)
  if (wanted === undefined) return [type === 'textarea' ? field.text : valueOf(field)]
  if (type === 'hidden' || field.hasAttribute('readonly')) {
    throw new Error(`nobody can change the field ${nameOf(field)}`)
  }
  return [String(wanted)]
}

function selectedOptions(field: HTMLElement, wanted: FormValues[string] | undefined): string[] {
  const options = field.querySelectorAll('option').filter((option) => !isDisabled(option))
  const values = options.map(optionValue)
  if (wanted !== undefined) return values.filter((value) => isChosen(value, wanted))
  const selected = options.filter((option) => option.hasAttribute('selected')).map(optionValue)
  if (field.hasAttribute('multiple')) return selected
  return selected.length > 0 ? selected.slice(-1) : values.slice(0, 1)
}

function refuseImpossibleChoices(values: FormValues, entries: URLSearchParams): void {
  for (const [name, wanted] of Object.entries(values)) {
    if (typeof wanted === 'boolean') continue
    const sent = entries.getAll(name)
    const missing = [wanted].flat().find((value) => !sent.includes(value))
    if (missing !== undefined) throw new Error(`the field ${name} does not offer that choice`)
  }
}

function requireFilled(form: Form, entries: URLSearchParams): void {
  const empty = fieldsOf(form.element)
    .filter((field) => field.hasAttribute('required'))
    .find((field) => entries.getAll(nameOf(field)).every((value) => value === ''))
  if (empty !== undefined) throw new Error(`the field ${nameOf(empty)} is required`)
}

function findButton(form: Form, text: string | undefined): HTMLElement | undefined {
  const buttons = submitButtons(form.element)
  if (text === undefined) return buttons[0]
  const found = buttons.find((button) => textOf(button) === text)
  if (found === undefined) {
    throw new Error(`the form has no button ${text}, only: ${form.buttons.join(', ')}`)
  }
  return found
}

function fieldsOf(form: HTMLElement): HTMLElement[] {
  return form
    .querySelectorAll(FIELDS)
    .filter((field) => nameOf(field) !== '' && !isDisabled(field) && typeOf(field) !== 'submit')
}

function submitButtons(form: HTMLElement): HTMLElement[] {
  return form
    .querySelectorAll(BUTTONS)
    .filter(
      (button) => (button.getAttribute('type') ?? 'submit') === 'submit' && !isDisabled(button),
    )
}

function isChosen(value: string, wanted: string | readonly string[] | boolean): boolean {
  return typeof wanted === 'boolean' ? wanted : [wanted].flat().includes(value)
}

const nameOf = (field: HTMLElement): string => field.getAttribute('name') ?? ''
const valueOf = (field: HTMLElement): string => field.getAttribute('value') ?? ''
const optionValue = (option: HTMLElement): string => option.getAttribute('value') ?? textOf(option)
const isDisabled = (element: HTMLElement): boolean => element.hasAttribute('disabled')
const methodOf = (method: string | undefined): 'GET' | 'POST' =>
  method?.toUpperCase() === 'POST' ? 'POST' : 'GET'

function typeOf(field: HTMLElement): string {
  const tag = field.tagName.toLowerCase()
  return tag === 'input' ? (field.getAttribute('type') ?? 'text').toLowerCase() : tag
}

function textOf(element: HTMLElement): string {
  const text = element.tagName === 'INPUT' ? valueOf(element) : element.text
  return text.replaceAll(/\s+/g, ' ').trim()
}
