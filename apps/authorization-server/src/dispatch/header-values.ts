/**
 * Every value of a header, in order. Node's `headersDistinct` says the same of all headers, and makes
 * lists and lower-case names of all to say it of one.
 */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] as string
    if (given.length !== name.length || given.toLowerCase() !== name) continue
    values.push(rawHeaders[index + 1] as string)
  }
  return values
}
