import { type Catalog, checkKey, describeKey, type ProviderKind } from '@holdfast/providers'
import { inputsOf, type Page, part, say } from './page.ts'

/** What is wrong with what was pasted, and what the right key looks like, in words. */
function findingOf(
  catalog: Catalog,
  { data: { provider } }: Page,
  kind: ProviderKind,
  field: string,
  value: string,
): string | undefined {
  const found = checkKey(catalog, provider, kind, field, value)
  if (found.finding === 'fits') return undefined
  if (found.finding === 'wrong') return found.words
  if (found.finding === 'unlike') return `This does not look like what ${provider.title} hands out.`
  const { provider: theirs, kind: other } = found.recognized
  return theirs.name === provider.name
    ? `This is another kind of key: ${other.title}.`
    : `This looks like ${theirs.title}: ${other.title}.`
}

const rightOne = (kind: ProviderKind, field: string): string => {
  const { title = field, ...rest } = kind.fields[field] ?? {}
  const shape = describeKey(rest)
  return shape === undefined ? '' : ` The right one (${title}) ${shape}.`
}

/**
 * Looks at what stands in the secret fields, here and nowhere else, and says what is wrong with it. With
 * a doubt the box appears without whose tick nothing is sealed.
 */
export function showFindings(catalog: Catalog, page: Page): { readonly isDoubtful: boolean } {
  const { kind, element } = page.chosen()
  let isDoubtful = false
  for (const [name, input] of inputsOf(element, 'secret')) {
    const value = input.value.trim()
    const finding = value === '' ? undefined : findingOf(catalog, page, kind, name, value)
    say(part(element, `[data-finding="${name}"]`), finding && finding + rightOne(kind, name))
    input.toggleAttribute('aria-invalid', finding !== undefined)
    isDoubtful ||= finding !== undefined
  }
  part(page.form, '#any-key').hidden = !isDoubtful
  return { isDoubtful }
}

const box = ({ form }: Page): HTMLInputElement => part(form, '#any-key input') as HTMLInputElement

/** Whether the person insists on a key that does not look right. */
export const insists = (page: Page): boolean => box(page).checked

/** The tick was for what stood there before. */
export function resetInsistence(page: Page): void {
  box(page).checked = false
}
