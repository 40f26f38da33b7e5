import { closest } from 'fastest-levenshtein'
import { type SettingKey, settingKeys } from './schema.ts'

const prefix = 'HOLDFAST_'

/** `dataDir` → `HOLDFAST_DATA_DIR`. */
export const variableName = (key: SettingKey): string =>
  prefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** Names that look like settings and are refused for a reason of their own. */
export const refusedVariables: Readonly<Record<string, string>> = {
  HOLDFAST_ROOT_KEY:
    'a key in the environment can be read by other processes; put it into a file and name that in HOLDFAST_ROOT_KEY_FILE',
}

/** The variable names that may be set: each setting's own, and the same with `_FILE`. */
export const knownVariables: readonly string[] = settingKeys
  .map(variableName)
  .flatMap((name) => (name.endsWith('_FILE') ? [name] : [name, `${name}_FILE`]))

/** The known name that was most likely meant. */
export const nearest = (name: string, known: readonly string[]): string => closest(name, known)

/** The variables of an environment that claim to be ours. */
export const ourVariables = (env: NodeJS.ProcessEnv): string[] =>
  Object.keys(env).filter((name) => name.startsWith(prefix) && env[name] !== '')
