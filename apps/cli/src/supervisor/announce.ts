import type { Config } from '../config.ts'
import type { LoadedConfig } from '../config/load.ts'
import { commandName, paint, print } from '../output.ts'
import type { SupervisorReport } from './report.ts'

/** What `holdfast up` says when everything runs. */
export interface Announcement {
  readonly url: string
  readonly setupLink: string | undefined
  readonly setupLinkMinutes: number
  readonly isolation: { readonly level: string; readonly reason: string | undefined } | undefined
  readonly dataDir: string
  readonly role: string
  /** Flags that other commands need to find this instance. */
  readonly hints: { readonly local: string; readonly remote: string }
  /** Processes that are not ready yet. */
  readonly notReady: readonly string[]
}

export function announcement(
  report: SupervisorReport,
  config: Config,
  setupLink: string | undefined,
  given: LoadedConfig['given'] = {},
): Announcement {
  const { isolation } = report
  return {
    url: report.issuer,
    setupLink,
    setupLinkMinutes: Math.round(config.setupLinkTtlSeconds / 60),
    isolation: isolation
      ? {
          level: isolation.level,
          reason: isolation.level === 'networkless' ? undefined : isolation.reasons[0],
        }
      : undefined,
    dataDir: report.paths.dataDir,
    hints: {
      local: given.dataDir ? ` --data-dir ${report.paths.dataDir}` : '',
      remote: given.issuer || given.port ? ` --issuer ${report.issuer}` : '',
    },
    role: report.role,
    notReady: report.processes.filter(({ state }) => state !== 'ready').map(({ name }) => name),
  }
}

export function announce(what: Announcement, json: boolean): void {
  print(json ? jsonLine(what) : banner(what))
}

/** The link alone, when it comes after the rest. */
export const setupLinkText = (url: string, json: boolean): string =>
  json ? JSON.stringify({ event: 'setup_link', url }) : `Set-up link (one use): ${url}`

const jsonLine = (what: Announcement): string =>
  JSON.stringify({
    event: 'up',
    ready: what.notReady.length === 0,
    role: what.role,
    url: what.url,
    setup_link: what.setupLink ?? null,
    isolation: what.isolation?.level ?? null,
    reason: what.isolation?.reason ?? null,
    data_dir: what.dataDir,
  })

function banner(what: Announcement): string {
  const row = (name: string, value: string): string => `  ${paint('bold', name.padEnd(11))}${value}`
  const lines = [heading(what), '']
  if (what.setupLink !== undefined) {
    lines.push(
      row('Set up', what.setupLink),
      row('', `(one use, ${what.setupLinkMinutes} minutes)`),
    )
  }
  if (what.isolation !== undefined) {
    const { level, reason } = what.isolation
    lines.push(row('Isolation', level))
    if (reason !== undefined) lines.push(row('', `not networkless: ${reason}`))
  }
  lines.push(row('Data', what.dataDir))
  if (what.role === 'all') lines.push('', 'Next, in another terminal:', ...nextCommands(what))
  lines.push('', 'Ctrl-C stops everything.')
  return lines.join('\n')
}

function heading({ role, url, notReady }: Announcement): string {
  if (notReady.length > 0) return `Holdfast is starting; not ready yet: ${notReady.join(', ')}`
  return role === 'all'
    ? `Holdfast is running at ${paint('green', url)}`
    : `Holdfast's ${role} is running`
}

/** What the person in front of this terminal does next, in that order. */
function nextCommands(what: Announcement): string[] {
  const name = commandName()
  const { local, remote } = what.hints
  const setUp = [`setup${local}`, 'make the first administrator (or open the link above)'] as const
  const check = [`doctor${local}`, 'check the installation'] as const
  const signIn = [`login${remote}`, 'sign this machine in'] as const
  const seal = ['connections add github --allow read', 'seal a first credential'] as const
  const chosen = what.setupLink === undefined ? [signIn, seal, check] : [setUp, signIn, seal]
  const commands = chosen.map(([command]) => `${name} ${command}`)
  const width = Math.max(...commands.map((command) => command.length))
  return chosen.map(([, why], at) => {
    const command = commands[at] ?? ''
    return `  ${paint('cyan', command.padEnd(width))}   ${why}`
  })
}
