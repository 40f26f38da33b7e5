/** A piece of a template: text that stands as it is, or a slot that a value fills. */
export type TemplatePart = { readonly text: string } | { readonly slot: string }

/** Cuts a template at those `{slot}`s that have one of the given names; other braces are text. */
export function parseTemplate(template: string, slots: readonly string[]): TemplatePart[] {
  const parts: TemplatePart[] = []
  let textStart = 0
  for (const { 0: match, 1: slot = '', index } of template.matchAll(/\{([a-z][a-z0-9_]*)\}/g)) {
    if (!slots.includes(slot)) continue
    if (index > textStart) parts.push({ text: template.slice(textStart, index) })
    parts.push({ slot })
    textStart = index + match.length
  }
  if (textStart < template.length) parts.push({ text: template.slice(textStart) })
  return parts
}

/** Names of all `{slot}`s that a template seems to have. */
export function templateSlots(template: string): string[] {
  return Array.from(template.matchAll(/\{([a-z][a-z0-9_]*)\}/g), ([, slot = '']) => slot)
}
