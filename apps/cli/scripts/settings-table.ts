import { variableName } from '../src/config/names.ts'
import { settingKeys, settingMeta } from '../src/config/schema.ts'

export const tableStart = '<!-- settings: generated from apps/cli/src/config/schema.ts -->'
export const tableEnd = '<!-- /settings -->'

/** The table of all settings in docs/configuration.md, between its two markers. */
export function settingsTable(): string {
  const rows = settingKeys.map((key) => {
    const { description, default: defaultText, flag } = settingMeta(key)
    const cells = [`\`${variableName(key)}\``, `\`${key}\``, flag ? `\`${flag}\`` : '', defaultText]
    return `| ${[...cells, description].map(escapeCell).join(' | ')} |`
  })
  const head = '| variable | file key | flag | default | meaning |\n| --- | --- | --- | --- | --- |'
  return `${tableStart}\n\n${head}\n${rows.join('\n')}\n\n${tableEnd}`
}

const escapeCell = (text: string): string =>
  text.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;')
