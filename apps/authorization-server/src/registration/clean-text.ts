/**
 * Text of strangers for people to read: one line, without what hides, reverses or stacks letters
 * (control and format characters, direction marks, piles of combining marks). Undefined when nothing
 * is left.
 */
export function cleanText(text: string, maxLength: number): string | undefined {
  const cleaned = text
    .slice(0, 4 * maxLength)
    .normalize('NFKC')
    .replace(/[\p{Z}\p{Cc}]+/gu, ' ')
    .replace(/[\p{C}\p{Bidi_Control}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .replace(/ {2,}/g, ' ')
    .trim()
  const shortened = [...cleaned].slice(0, maxLength).join('').trim()
  return shortened === '' ? undefined : shortened
}

const scripts = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Hebrew', 'Arabic', 'Cherokee'] as const

/** True when a word mixes alphabets whose letters look alike, as in `Clаude` with a Cyrillic а. */
export const hasMixedScripts = (text: string): boolean =>
  text
    .split(/[^\p{L}\p{M}]+/u)
    .some(
      (word) =>
        scripts.filter((script) => new RegExp(`\\p{Script=${script}}`, 'u').test(word)).length > 1,
    )
