/**
 * What follows an option's name in the refusal of its value, such as ` must be true or false`;
 * undefined for a value that is fine. Never repeats the value: it may be a secret.
 */
export type OptionCheck = (value: unknown) => string | undefined

/** Every option there is, with its check. */
export type OptionTable<Options> = Readonly<Record<keyof Options & string, OptionCheck>>

const unless = (isFine: (value: unknown) => boolean, why: string): OptionCheck => {
  return (value) => (isFine(value) ? undefined : why)
}
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const anything: OptionCheck = () => undefined
export const flag: OptionCheck = unless(
  (value) => typeof value === 'boolean',
  ' must be true or false',
)
export const text: OptionCheck = unless(isText, ' must be a text that is not empty')
export const texts: OptionCheck = unless(
  (value) => Array.isArray(value) && value.every(isText),
  ' must be a list of texts, none of them empty',
)
export const called: OptionCheck = unless(
  (value) => typeof value === 'function',
  ' must be a function',
)

export const list: OptionCheck = unless((value) => Array.isArray(value), ' must be a list')

/** At least one text. */
export const someTexts: OptionCheck = (value) =>
  Array.isArray(value) && value.length === 0 ? ' must not be empty' : texts(value)

/** NaN, as `Number(process.env.UNSET)` gives, is outside every range. */
export const number = (least: number, most: number): OptionCheck =>
  unless(
    (value) => typeof value === 'number' && value >= least && value <= most,
    ` must be ${least} to ${most}`,
  )

export const wholeNumber = (least: number, most: number): OptionCheck =>
  unless(
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    ` must be a whole number, ${least} to ${most}`,
  )

export const oneOf = (...choices: readonly string[]): OptionCheck =>
  unless(
    (value) => typeof value === 'string' && choices.includes(value),
    ` must be one of ${choices.join(', ')}`,
  )

/** An object, perhaps of a class, with the named method. */
export const having = (method: string): OptionCheck =>
  unless(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof Reflect.get(value, method) === 'function',
    ` must have a method ${method}`,
  )

/** Lists of texts by names of the caller's own. */
export const listsByName: OptionCheck = (value) => {
  if (!isPlain(value)) return ' must be an object'
  const wrong = Object.entries(value).find(([, list]) => texts(list) !== undefined)
  return wrong === undefined ? undefined : `: ${JSON.stringify(wrong[0])}${texts(wrong[1])}`
}

/** Options within an option. */
export const members =
  (table: Readonly<Record<string, OptionCheck>>, required: readonly string[] = []): OptionCheck =>
  (value) =>
    complaintAbout(value, table, { required })

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const letterPairs = (name: string): string[] => {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) =>
    letters.slice(at, at + 2),
  )
}

/**
 * 0 to 1: how many neighbouring letters two names have in common, in whatever order. By the distance of
 * Levenshtein `requireDpop` would not lead to `dpopRequired`.
 */
function likeness(one: string, other: string): number {
  const pairs = letterPairs(one)
  const left = letterPairs(other)
  const total = pairs.length + left.length
  let shared = 0
  for (const pair of pairs) {
    const at = left.indexOf(pair)
    if (at === -1) continue
    left.splice(at, 1)
    shared += 1
  }
  return total === 0 ? 0 : (2 * shared) / total
}

/** The most similar of the known names; undefined when none is similar. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((one) => ({ one, likeness: likeness(name, one) }))
  return ranked.filter((rank) => rank.likeness >= 0.5).sort((a, b) => b.likeness - a.likeness)[0]
    ?.one
}

/** What {@link checkOptions} knows besides the table. */
export interface OptionNames<Name extends string = string> {
  /** Those that must be there. Default none. */
  readonly required?: readonly Name[]
  /** What is meant by names that the caller may know from elsewhere. Default none. */
  readonly otherNames?: Readonly<Record<string, string>>
}

function complaintAbout(
  options: unknown,
  table: Readonly<Record<string, OptionCheck>>,
  { required = [], otherNames = {} }: OptionNames,
): string | undefined {
  if (!isPlain(options)) return ' must be an object'
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(table, name) ? table[name] : undefined
    if (check === undefined) {
      const known = Object.keys(table)
      const meant = Object.hasOwn(otherNames, name) ? otherNames[name] : nearestName(name, known)
      const help = meant === undefined ? `there is ${known.join(', ')}` : `did you mean ${meant}?`
      return `: there is no option ${JSON.stringify(name)}; ${help}`
    }
    const wrong = value === undefined ? undefined : check(value)
    if (wrong !== undefined) return `: ${name}${wrong}`
  }
  const missing = required.find((name) => Reflect.get(options, name) === undefined)
  return missing === undefined ? undefined : `: ${missing} is missing`
}

/**
 * Refuses options that are missing, unknown or of a wrong type. Types alone do not: code without them, names
 * from a configuration file and unset variables come this far, and an option that is overlooked may be
 * the one that should have protected something.
 *
 * @param owner - whose options they are, for the message
 * @throws TypeError that names the option and the fix
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  table: OptionTable<Options>,
  names: OptionNames<keyof Options & string> = {},
): void {
  const wrong = complaintAbout(options, table, names)
  if (wrong !== undefined) throw new TypeError(`${owner}${wrong}`)
}
