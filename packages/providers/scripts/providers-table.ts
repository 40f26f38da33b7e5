import { loadCatalog, type Provider } from '../src/index.ts'

export const tableStart = '<!-- providers: generated from packages/providers/src/data -->'
export const tableEnd = '<!-- /providers -->'

/** The table of all providers in docs/providers.md, between its two markers. */
export function providersTable(): string {
  const rows = loadCatalog().providers.map((provider) => `| ${cells(provider).join(' | ')} |`)
  const head =
    '| name | provider | ways to connect (`--kind`) | needs | test names the account | checked |\n| --- | --- | --- | --- | --- | --- |'
  return `${tableStart}\n\n${head}\n${rows.join('\n')}\n\n${tableEnd}`
}

function cells({ name, title, docs, kinds, variables, identity, verified, checked }: Provider) {
  const ways = kinds.map(({ id, title }) => `\`${id}\` ${title}`).join('; ')
  const account = identity === undefined ? 'no test' : identity.account.length > 0 ? 'yes' : 'no'
  const needs = Object.keys(variables ?? {}).map((variable) => `\`${variable}\``)
  const how = verified === 'docs' ? `${checked}, with the documentation` : 'not verified'
  return [`\`${name}\``, `[${title}](${docs})`, ways, needs.join(', '), account, how].map((text) =>
    text.replaceAll('|', String.raw`\|`),
  )
}
