import { type CliError, usage } from '../errors.ts'
import { ask, readSecret } from '../terminal/secrets.ts'
import { requirePem } from './check-pem.ts'
import { jsonObject } from '../json-object.ts'

/** One value that a person gives. */
export interface SecretField {
  readonly name: string
  readonly title: string
  /** May be seen while it is typed. */
  readonly visible?: boolean
  /** Given already, or always the same. */
  readonly known?: string | undefined
  readonly optional?: boolean
  /** Has line breaks, such as PEM: no prompt takes it. */
  readonly multiline?: boolean
  /** Throws when the value is not what is expected. */
  readonly check?: (value: string) => void
}

/**
 * Reads the fields of a credential: from a pipe (one value as it is, several as a JSON object, user
 * name and password also as `user:password`) or from the terminal, one after the other.
 *
 * @throws CliError for a missing or wrong value; never with the value
 */
export async function readSecretFields(
  fields: readonly SecretField[],
  stdin: boolean,
): Promise<Record<string, Uint8Array>> {
  const values = stdin ? await fromPipe(fields) : await fromTerminal(fields)
  for (const { name, multiline, check } of fields) {
    const value = values[name]
    if (value === undefined || value === '') continue
    if (multiline === true) requirePem(name, value)
    check?.(value)
  }
  const bytes = new TextEncoder()
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, bytes.encode(value)]),
  )
}

async function fromTerminal(fields: readonly SecretField[]): Promise<Record<string, string>> {
  const long = fields.find(({ multiline, known }) => multiline === true && known === undefined)
  if (long) {
    throw usage(
      `${long.title} has several lines`,
      'pipe it in, as in `holdfast connections add … --secret-stdin < key.pem`',
    )
  }
  const values: Record<string, string> = {}
  for (const { name, title, visible, known, check } of fields) {
    const message = `${title}${visible ? '' : ' (not shown)'}`
    const option = '--secret-stdin'
    const value =
      known ??
      (visible ? await ask(message, option) : await readSecret({ stdin: false, option, message }))
    // At once, so that nobody types the next value in vain.
    check?.(value)
    values[name] = value
  }
  return values
}

async function fromPipe(fields: readonly SecretField[]): Promise<Record<string, string>> {
  const text = await readSecret({ stdin: true, option: '--secret-stdin', message: '' })
  const given = Object.fromEntries(
    fields.flatMap(({ name, known }) => (known === undefined ? [] : [[name, known] as const])),
  )
  const open = fields.filter(({ known }) => known === undefined)
  const [first, second] = open
  const object = jsonObject(text)
  if (first !== undefined && open.length === 1) {
    const value = Object.keys(object ?? {}).join() === first.name && object?.[first.name]
    return { ...given, [first.name]: typeof value === 'string' ? value : text }
  }
  if (object) {
    if (Object.keys(object).some((name) => !open.some((field) => field.name === name))) {
      throw usage('stdin gives a value that this kind does not have', takes(open))
    }
    for (const { name, optional } of open) {
      const value = object[name]
      if (typeof value === 'string') given[name] = value
      else if (optional !== true) throw missing(open, name)
    }
    return given
  }
  if (first?.name === 'username' && second?.name === 'password' && open.length === 2) {
    const colon = text.indexOf(':')
    const username = text.slice(0, Math.max(colon, 0))
    return { ...given, username, password: text.slice(colon + 1) }
  }
  throw missing(open, first?.name ?? '')
}

const missing = (fields: readonly SecretField[], name: string): CliError =>
  usage(`stdin does not give ${name}`, takes(fields))

const takes = (fields: readonly SecretField[]): string =>
  `pipe in a JSON object with ${fields.map(({ name, optional }) => (optional === true ? `${name} (optional)` : name)).join(', ')}`
