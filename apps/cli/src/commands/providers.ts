import { findProvider, lintProvider } from '@holdfast/providers'
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { localCatalog, unknownProvider } from '../connect/load-catalog.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, print, printJson } from '../output.ts'
import { flagsOf, wantsJson } from './flags.ts'
import { providerText } from './provider-text.ts'
import { showList } from './show.ts'

interface ListOptions {
  readonly category?: string
  readonly kind?: string
  readonly search?: string
}

/** `holdfast providers` */
export function providersCommand(): Command {
  const providers = new Command('providers')
  providers
    .command('list')
    .alias('ls')
    .description('list the providers that can be connected')
    .option('--category <name>', 'ai, search, developer, cloud, work, commerce, social or data')
    .option('--kind <kind>', 'only those with this kind of credential, such as oauth2')
    .option('--search <text>', 'only those whose name or title holds the text')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast providers list --category ai
  $ holdfast providers list --kind oauth2 --json`,
    )
    .action((options: ListOptions, command: Command) => list(options, command))
  providers
    .command('show')
    .argument('<provider>')
    .description('show what the catalog knows of a provider')
    .addHelpText('after', '\nExample:\n  $ holdfast providers show github')
    .action((name: string, _options: unknown, command: Command) => show(name, command))
  providers
    .command('lint')
    .description('check the catalog and your own files (HOLDFAST_PROVIDERS_DIR)')
    .option('--providers-dir <folder>', 'folder of your own providers')
    .addHelpText('after', '\nExample:\n  $ holdfast providers lint --providers-dir ./providers')
    .action((_options: unknown, command: Command) => lint(command))
  return providers
}

const catalogOf = (command: Command) => localCatalog(loadConfig(flagsOf(command)).config)

function list({ category, kind, search }: ListOptions, command: Command): Promise<void> {
  const text = search?.toLowerCase()
  const found = catalogOf(command).providers.filter(
    (provider) =>
      (category === undefined || provider.category === category) &&
      (kind === undefined || provider.kinds.some((one) => one.credential.kind === kind)) &&
      (text === undefined || `${provider.name} ${provider.title}`.toLowerCase().includes(text)),
  )
  const rows = found.map(({ name, title, category, kinds, base_url, verified }) => ({
    name,
    title,
    category,
    kinds: kinds.map(({ id }) => id),
    base_url,
    verified,
  }))
  const columns = ['name', 'title', 'category', 'kinds']
  return showList(command, rows, columns, 'No provider matches.')
}

function show(name: string, command: Command): void {
  const catalog = catalogOf(command)
  const provider = findProvider(catalog, name)
  if (!provider) throw unknownProvider(catalog, name)
  if (wantsJson(command)) return printJson(provider)
  for (const line of providerText(provider)) print(line)
}

function lint(command: Command): void {
  const { providers } = catalogOf(command)
  const problems = providers.flatMap(lintProvider)
  if (wantsJson(command)) printJson({ providers: providers.length, problems })
  else for (const { provider, problem } of problems) print(`${provider}: ${problem}`)
  if (problems.length > 0) {
    throw new CliError(`${problems.length} problems in the catalog`, {
      exitCode: exitCodes.checkFailed,
      code: 'CATALOG_PROBLEMS',
    })
  }
  if (!wantsJson(command)) note(`${providers.length} providers, no problems.`)
}
