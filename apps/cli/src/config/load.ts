import os from 'node:os'
import path from 'node:path'
import type { IsolationLevel } from '@holdfast/protocol/enclave'
import { ConfigError } from '../errors.ts'
import { defaultDataDir } from './default-data-dir.ts'
import {
  type SettingKey,
  settingKeys,
  settingMeta,
  type Settings,
  settingsSchema,
} from './schema.ts'
import { fromEnvironment, fromFile, type Given, type GivenSettings } from './sources.ts'

/** The whole configuration, every value decided. */
export interface Config extends Settings {
  readonly issuer: string
  readonly dataDir: string
  readonly enclaveMinIsolation: Exclude<IsolationLevel, 'hardware'>
  readonly rootKeyFile: string
  readonly configDir: string
}

export interface LoadedConfig {
  readonly config: Config
  /** Where each value that is not a default was given. */
  readonly given: Readonly<GivenSettings>
}

/** Flags as commander hands them over; undefined ones were not given. */
export type Flags = Partial<Record<SettingKey, unknown>>

/**
 * Reads the configuration: flag before environment before file before default.
 *
 * @throws ConfigError that names the variable, flag or key and the fix
 */
export function loadConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const direct: GivenSettings = { ...fromEnvironment(env), ...fromFlags(flags) }
  const dataDir = path.resolve(asPath(direct.dataDir) ?? defaultDataDir(env))
  const named = asPath(direct.config)
  const file =
    named === undefined
      ? fromFile(path.join(dataDir, 'config.json'), undefined)
      : fromFile(path.resolve(named), direct.config?.place)
  const given: GivenSettings = { ...file, ...direct }
  const settings = parse(given)
  requireProxies(settings, given)
  return { config: complete(settings, env), given }
}

function fromFlags(flags: Flags): GivenSettings {
  const given: GivenSettings = {}
  for (const key of settingKeys) {
    const value = flags[key]
    if (value !== undefined) given[key] = { value, place: flagName(key), source: 'flag' }
  }
  return given
}

const flagName = (key: SettingKey): string => settingMeta(key).flag ?? `--${key}`

const asPath = (given: Given | undefined): string | undefined =>
  typeof given?.value === 'string' && given.value !== '' ? given.value : undefined

function parse(given: GivenSettings): Settings {
  const values = Object.fromEntries(
    Object.entries(given).map(([key, { value }]) => [key, value] as const),
  )
  const result = settingsSchema.safeParse(values)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const key = issue?.path[0] as SettingKey
  const fallback = settingMeta(key).default
  const place = given[key]?.place ?? key
  throw new ConfigError(
    `${place} ${wording(issue?.message ?? 'is not valid')}`,
    `change ${place}, or remove it for the default (${fallback})`,
  )
}

/** Certificates are public: who could reach the port without the proxy would present any of them. */
function requireProxies(
  { mtlsCertificateHeader, trustProxy, trustedProxies }: Settings,
  given: GivenSettings,
): void {
  if (mtlsCertificateHeader === undefined || (trustProxy && trustedProxies.length > 0)) return
  throw new ConfigError(
    `${given.mtlsCertificateHeader?.place} needs to know whose header to believe`,
    'set `trustProxy` (HOLDFAST_TRUST_PROXY=true) and the addresses of the proxies in `trustedProxies` (HOLDFAST_TRUSTED_PROXIES)',
  )
}

/** Zod's own sentences ("Invalid option: …") read as a clause after the name of the setting. */
const wording = (message: string): string =>
  /^(?:must|use)\b/.test(message) ? message : `is not valid: ${message}`

function complete(settings: Settings, env: NodeJS.ProcessEnv): Config {
  const dataDir = path.resolve(settings.dataDir ?? defaultDataDir(env))
  const config: Config = {
    ...settings,
    dataDir,
    issuer: settings.issuer ?? `http://localhost:${settings.port}`,
    enclaveMinIsolation: settings.enclaveMinIsolation ?? defaultFloor(settings.production),
    ...(settings.providersDir !== undefined && {
      providersDir: path.resolve(settings.providersDir),
    }),
    rootKeyFile: path.resolve(settings.rootKeyFile ?? path.join(dataDir, 'enclave', 'root.key')),
    configDir: path.resolve(
      settings.configDir ??
        path.join(env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'), 'holdfast'),
    ),
  }
  return Object.freeze(config)
}

function defaultFloor(production: boolean): Config['enclaveMinIsolation'] {
  if (production) return 'networkless'
  return process.platform === 'linux' ? 'filtered' : 'process'
}
