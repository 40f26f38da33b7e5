import type { Config, LoadedConfig } from './load.ts'
import { variableName } from './names.ts'
import { type SettingKey, settingKeys, settingMeta } from './schema.ts'

/** One setting as `holdfast config explain` shows it. */
export interface ExplainedSetting {
  readonly key: SettingKey
  readonly variable: string
  readonly value: unknown
  readonly source: 'flag' | 'env' | 'file' | 'default'
  /** Where it was given; absent for defaults. */
  readonly place?: string
  readonly default: string
  readonly description: string
}

/** Every setting with its value and where that came from. */
export function explainConfig({ config, given }: LoadedConfig): ExplainedSetting[] {
  return settingKeys.map((key) => {
    const { description, default: defaultText } = settingMeta(key)
    const place = given[key]?.place
    return {
      key,
      variable: variableName(key),
      value: shown(key, config),
      source: given[key]?.source ?? 'default',
      ...(place === undefined ? {} : { place }),
      default: defaultText,
      description,
    }
  })
}

/** Certificates fill a screen and say nothing there. */
function shown(key: SettingKey, config: Config): unknown {
  const value = config[key]
  if (key !== 'extraCa' || typeof value !== 'string') return value ?? null
  return `${value.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0} certificate(s)`
}
