import type { Provider, ProviderKind, Variables } from '@holdfast/providers'

/** What the server says about the page. */
export interface PageData {
  readonly ticket: string
  readonly owner: string
  readonly provider: Provider
  readonly renewed: {
    readonly handle: string
    readonly baseUrl: string
    readonly variables: Variables
  } | null
  /** The consent that goes on afterwards. */
  readonly returnTo: string | null
}

/** The parts of the page that the script works on. */
export interface Page {
  readonly data: PageData
  readonly form: HTMLFormElement
  /** The fields of the kind that is chosen. */
  readonly chosen: () => { readonly kind: ProviderKind; readonly element: HTMLElement }
}

/** One element of the page. @throws Error when the page is not ours */
export function part(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`the page lacks ${selector}`)
  return found
}

export function readPage(): Page {
  const form = part(document, '#connect') as HTMLFormElement
  const data = JSON.parse(form.dataset['connect'] ?? '') as PageData
  return {
    data,
    form,
    chosen: () => {
      const groups = [...form.querySelectorAll<HTMLElement>('[data-kind]')]
      const id = form.querySelector<HTMLSelectElement>('#kind')?.value
      const element = groups.find(({ dataset }) => id === undefined || dataset['kind'] === id)
      const kind = data.provider.kinds.find(({ id: one }) => one === element?.dataset['kind'])
      if (!element || !kind) throw new Error('the page lacks the kind')
      return { kind, element }
    },
  }
}

type Input = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** The fields whose attribute names them, such as `data-secret`. */
export const inputsOf = (
  root: ParentNode,
  attribute: string,
): readonly (readonly [string, Input])[] =>
  [...root.querySelectorAll<Input>(`[data-${attribute}]`)].map((input) => [
    input.dataset[attribute] ?? '',
    input,
  ])

/** What stands in those fields, without the empty ones. */
export const valuesOf = (root: ParentNode, attribute: string): Record<string, string> =>
  Object.fromEntries(
    inputsOf(root, attribute)
      .map(([name, { value }]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ''),
  )

/** Shows or hides an element with a text. */
export function say(element: HTMLElement, text: string | undefined): void {
  element.textContent = text ?? ''
  element.hidden = text === undefined
}
