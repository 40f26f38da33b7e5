const quote = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`)

/** A sorted list of names as Dedalus servers print it, which agents and tests match on. */
export const pythonList = (names: Iterable<string>): string =>
  `[${[...names].sort().map(quote).join(', ')}]`
