import { readFileSync } from 'node:fs'
import { ConfigError } from '../errors.ts'
import { knownVariables, nearest, ourVariables, refusedVariables, variableName } from './names.ts'
import { type SettingKey, settingKeys } from './schema.ts'

/** A value as given, and where. */
export interface Given {
  readonly value: unknown
  /** As a person would name the place: `HOLDFAST_PORT`, `--port`, `port in /etc/holdfast.json`. */
  readonly place: string
  readonly source: 'flag' | 'env' | 'file'
}

export type GivenSettings = Partial<Record<SettingKey, Given>>

/**
 * Settings from the environment; `HOLDFAST_X_FILE` names a file that holds the value of `X`.
 *
 * @throws ConfigError for an unknown variable, or when both `X` and `X_FILE` are set
 */
export function fromEnvironment(env: NodeJS.ProcessEnv): GivenSettings {
  for (const name of ourVariables(env)) refuseUnknown(name)
  const given: GivenSettings = {}
  for (const key of settingKeys) {
    const name = variableName(key)
    const fileName = `${name}_FILE`
    const value = env[name] || undefined
    const file = env[fileName] || undefined
    if (value !== undefined && file !== undefined) {
      throw new ConfigError(`${name} and ${fileName} are both set`, 'unset one of them')
    }
    if (value !== undefined) given[key] = { value, place: name, source: 'env' }
    if (file !== undefined) {
      given[key] = { value: readValue(file, fileName), place: fileName, source: 'env' }
    }
  }
  return given
}

function refuseUnknown(name: string): void {
  if (knownVariables.includes(name)) return
  const reason = refusedVariables[name]
  if (reason !== undefined) throw new ConfigError(`${name} is not accepted`, reason)
  throw new ConfigError(
    `unknown variable ${name}`,
    `did you mean ${nearest(name, knownVariables)}? \`holdfast config explain\` lists them all`,
  )
}

function readValue(file: string, place: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw unreadable(file, place, error)
  }
}

/**
 * Settings from a JSON file.
 *
 * @param place - who named the file; undefined when it is only looked for and may be absent
 * @throws ConfigError when the file cannot be read, is no JSON object or has an unknown key
 */
export function fromFile(file: string, place: string | undefined): GivenSettings {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const quiet = ['ENOENT', 'ENOTDIR', 'EACCES'].includes(
      (error as NodeJS.ErrnoException).code ?? '',
    )
    if (place === undefined && quiet) return {}
    throw unreadable(file, place ?? file, error)
  }
  const given: GivenSettings = {}
  for (const [name, value] of Object.entries(parseObject(text, file))) {
    const key = settingKeys.find((known) => known === name)
    if (key === undefined || key === 'config') {
      const known = settingKeys.filter((candidate) => candidate !== 'config')
      throw new ConfigError(
        `unknown key "${name}" in ${file}`,
        `did you mean "${nearest(name, known)}"?`,
      )
    }
    given[key] = { value, place: `"${key}" in ${file}`, source: 'file' }
  }
  return given
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigError(
      `${file} is not valid JSON`,
      'check it with any JSON tool; comments are not allowed',
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${file} does not hold a JSON object`, 'write {"port": 4444} or the like')
  }
  return value as Record<string, unknown>
}

function unreadable(file: string, place: string, error: unknown): ConfigError {
  const code = (error as NodeJS.ErrnoException).code ?? 'error'
  return new ConfigError(
    `${place} names ${file}, which cannot be read (${code})`,
    'check the path and its permissions',
  )
}
