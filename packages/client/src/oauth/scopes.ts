const split = (scope: string | undefined): readonly string[] =>
  scope?.split(' ').filter((name) => name !== '') ?? []

/** All scopes of several lists, each once; undefined when there is none. */
export function union(...scopes: readonly (string | undefined)[]): string | undefined {
  const names = new Set(scopes.flatMap(split))
  return names.size === 0 ? undefined : [...names].join(' ')
}

/** Whether a list holds everything that another one asks for. */
export function includesAll(held: string | undefined, asked: string | undefined): boolean {
  const names = new Set(split(held))
  return split(asked).every((name) => names.has(name))
}
