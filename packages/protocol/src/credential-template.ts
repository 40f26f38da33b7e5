/** A piece of a template: text that stands as it is, or a slot that a value fills. */
export type TemplatePart = { readonly text: string } | { readonly slot: string }

/** Cuts a template at those `{slot}`s that have one of the given names; other braces are text. */
export function parseTemplate(template: string, slots: readonly string[]): TemplatePart[] {
  const parts: TemplatePart[] = []
  let textStart = 0
  // By hand, because every dispatch fills templates and an iterator of matches costs more than the rest.
  for (let open = template.indexOf('{'); open !== -1; open = template.indexOf('{', open + 1)) {
    const close = template.indexOf('}', open)
    if (close === -1) break
    const slot = template.slice(open + 1, close)
    if (!slots.includes(slot)) continue
    if (open > textStart) parts.push({ text: template.slice(textStart, open) })
    parts.push({ slot })
    textStart = close + 1
  }
  if (textStart < template.length) parts.push({ text: template.slice(textStart) })
  return parts
}

/** Names of all `{slot}`s that a template seems to have. */
export function templateSlots(template: string): string[] {
  return Array.from(template.matchAll(/\{([a-z][a-z0-9_]*)\}/g), ([, slot = '']) => slot)
}
