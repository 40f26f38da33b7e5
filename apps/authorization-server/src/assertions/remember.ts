/**
 * Remembers what was made of an object, for as long as that very object is around. Whoever hands it out decides
 * so how long: another object, however alike, is looked at anew.
 */
export function rememberFor<Source extends object, Result>(
  make: (source: Source) => Result,
): (source: Source) => Result {
  const made = new WeakMap<Source, { readonly result: Result }>()
  return (source) => {
    const known = made.get(source)
    if (known) return known.result
    const result = make(source)
    made.set(source, { result })
    return result
  }
}
