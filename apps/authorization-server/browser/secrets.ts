import type { ProviderKind } from '@holdfast/providers'
import { inputsOf } from './page.ts'

/** Secret bytes by field name. */
export type Secrets = Readonly<Record<string, Uint8Array>>

/**
 * Takes the secrets out of their fields and empties these at once. The text itself was the browser's
 * and cannot be wiped; the bytes are, by {@link wipe}.
 *
 * @throws Error that names a field that is empty
 */
export function takeSecrets(element: HTMLElement, kind: ProviderKind): Secrets {
  const inputs = inputsOf(element, 'secret')
  const empty = inputs.find(([, { value }]) => value.trim() === '')
  if (empty) throw new Error(`fill in: ${kind.fields[empty[0]]?.title ?? empty[0]}`)
  const encoder = new TextEncoder()
  const secrets: Record<string, Uint8Array> = {}
  for (const [name, { constant }] of Object.entries(kind.fields)) {
    if (constant !== undefined) secrets[name] = encoder.encode(constant)
  }
  for (const [name, input] of inputs) {
    secrets[name] = encoder.encode(input.value.trim())
    clear(input)
  }
  return secrets
}

function clear(input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): void {
  input.value = ''
  // A form that is restored by the way back would show it again.
  if (!(input instanceof HTMLSelectElement)) input.defaultValue = ''
}

/** Empties every secret field of the page. */
export function clearSecrets(root: ParentNode): void {
  for (const [, input] of inputsOf(root, 'secret')) clear(input)
}

export function wipe(secrets: Secrets): void {
  for (const bytes of Object.values(secrets)) bytes.fill(0)
}
