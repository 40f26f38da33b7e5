/** Collects an option that may be given several times. */
export const repeat = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
]

/** `a,b` and repeated options as one list. */
export const commaList = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  ...value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean),
]
