import { type Catalog, checkKey, type ProviderKind } from '@holdfast/providers'
import { inputsOf, type Page, part, say } from './page.ts'

/** What is wrong with what was pasted, in words, and whether it may be sealed all the same. */
export interface Finding {
  readonly words: string
  readonly stops: boolean
}

function findingOf(
  catalog: Catalog,
  { data: { provider } }: Page,
  kind: ProviderKind,
  field: string,
  value: string,
): Finding | undefined {
  const found = checkKey(catalog, provider, kind, field, value)
  if (found.finding === 'wrong') return { words: found.words, stops: true }
  if (found.finding === 'other') {
    const { provider: theirs, kind: other } = found.recognized
    const words = `This looks like ${theirs.title}: ${other.title}. Nothing was sent.`
    return { words, stops: true }
  }
  if (found.finding === 'fits') return undefined
  const words = `This does not look like what ${provider.title} hands out. Check it; you may go on.`
  return { words, stops: false }
}

/** Looks at what stands in the secret fields, here and nowhere else, and says what is wrong with it. */
export function showFindings(catalog: Catalog, page: Page): { readonly stops: boolean } {
  const { kind, element } = page.chosen()
  let stops = false
  for (const [name, input] of inputsOf(element, 'secret')) {
    const value = input.value.trim()
    const finding = value === '' ? undefined : findingOf(catalog, page, kind, name, value)
    say(part(element, `[data-finding="${name}"]`), finding?.words)
    input.toggleAttribute('aria-invalid', finding !== undefined)
    stops ||= finding?.stops === true
  }
  return { stops }
}
