/**
 * How a lenient server may read the name of a parameter: decoded, in any case, without the brackets
 * that make it an array, with what PHP turns into an underscore. Two names with the same form may fill
 * the same place.
 */
export function parameterForm(name: string): string {
  const form = name.normalize('NFKC').toLowerCase().trimStart()
  const [text = ''] = form.split('\0')
  const bracket = text.indexOf('[')
  return (bracket > 0 ? text.slice(0, bracket) : text).replaceAll(/[\s.[-]/g, '_')
}

/** Forms of the names in a query or form text. */
export const parameterForms = (text: string): Set<string> =>
  new Set(parameterPairs(text.replace(/^\?/, '')).map(([form]) => form))

/** Names, as their forms, and values, decoded. Some servers part them at semicolons too. */
export function parameterPairs(text: string): (readonly [form: string, value: string])[] {
  return text.split(/[&;]/).map((part) => {
    const end = part.indexOf('=')
    const [name, value] = end === -1 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)]
    return [parameterForm(fullyDecoded(name)), fullyDecoded(value)]
  })
}

const maxDecodings = 5

/** Percent-decoded until nothing changes: some servers decode twice. */
function fullyDecoded(text: string): string {
  let current = text.replaceAll('+', ' ')
  for (let count = 0; count < maxDecodings; count++) {
    const next = decoded(current)
    if (next === current) break
    current = next
  }
  return current
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  // Characters stand for bytes here, which may be UTF-8.
  return /^[\0-\xff]*$/.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes
}
