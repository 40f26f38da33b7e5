/**
 * `npm run bench`: server CPU of our hot paths against baselines in the same run.
 *
 *   npm run bench -- --quick            fewer operations, three rounds
 *   npm run bench -- --only rs,audit    some groups
 *   npm run bench -- --only growth,growth-dispatch
 *                                       databases of a million rows: four to five minutes, 2 GB in the temporary folder
 *   npm run bench -- --only peers       another authorization server; downloads it first
 *   npm run bench -- --json             the report as JSON on stdout
 *   npm run bench -- --check            exit 1 when a goal's "must" is missed (15 % slack for noise)
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { auditGroup } from './groups/audit.ts'
import { dispatchGroup } from './groups/dispatch.ts'
import { countFailedRaces } from './groups/races.ts'
import { peersGroup } from './groups/peers.ts'
import { grantsGroup } from './groups/grants.ts'
import { growthGroup } from './groups/growth.ts'
import { growthDispatchGroup } from './groups/growth-dispatch.ts'
import { refreshGroup } from './groups/refresh.ts'
import { resourceServerGroup } from './groups/resource-server.ts'
import { tokenGroup } from './groups/token.ts'
import { unitGroup, unitName } from './groups/unit.ts'
import { type GoalId, goals, reaches } from './lib/goals.ts'
import type { GroupSetup } from './lib/group.ts'
import { measure } from './lib/measure.ts'
import { formatGoals, formatGroup, type GroupReport } from './lib/report.ts'

const groups: Readonly<Record<string, GroupSetup>> = {
  token: tokenGroup,
  refresh: refreshGroup,
  grants: grantsGroup,
  rs: resourceServerGroup,
  dispatch: dispatchGroup,
  audit: auditGroup,
}
/** Run only when they are asked for. */
const furtherGroups: Readonly<Record<string, GroupSetup>> = {
  growth: growthGroup,
  'growth-dispatch': growthDispatchGroup,
  peers: peersGroup,
}
const noiseSlack = 0.15

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
})

const chosen = options.only?.split(',') ?? Object.keys(groups)
const known = { ...groups, ...furtherGroups }
const unknown = chosen.filter((name) => !Object.hasOwn(known, name))
if (unknown.length > 0) {
  console.error(`Unknown group ${unknown.join(', ')}. Groups: ${Object.keys(known).join(', ')}`)
  process.exit(2)
}
const usualRounds = options.quick ? 3 : 5
const chosenRounds = options.rounds === undefined ? undefined : Number(options.rounds)
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

async function runGroup(setup: GroupSetup): Promise<GroupReport> {
  const group = await setup({ quick: options.quick, progress })
  try {
    const rounds = chosenRounds ?? group.rounds ?? usualRounds
    const measurements = await measure(group.variants, rounds, (text) =>
      progress(`${group.name}: ${text}`),
    )
    const by = (name: string): (typeof measurements)[number] => {
      const found = measurements.find((one) => one.name === name)
      if (!found) throw new Error(`no measurement is called ${name}`)
      return found
    }
    return { name: group.name, about: group.about, measurements, ratios: group.ratios(by) }
  } finally {
    progress('')
    await group.close?.()
  }
}

// Taken first: the sources may change while a long run goes on.
const measuredCommit = commit()
const reports: GroupReport[] = []
const say = (text: string): void => {
  if (!options.json) console.log(text)
}

say(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
)
const failedRaces = await countFailedRaces()
say(`races first: ${failedRaces} cases of the adapter conformance suite failed`)
const unit = await runGroup(unitGroup)
const v = unit.measurements.find(({ name }) => name === unitName)
if (!v) throw new Error('the unit was not measured')
if (v.spread[1] > v.spread[0] * 1.4) say('noisy machine: read ratios only, and repeat the run')
reports.push(unit)
say(formatGroup(unit, v.microsecondsPerOperation))
for (const name of chosen) {
  const report = await runGroup(known[name]!)
  reports.push(report)
  say(formatGroup(report, v.microsecondsPerOperation))
}

const ratios: Partial<Record<GoalId, number>> = Object.assign(
  { G13: failedRaces },
  ...reports.map((report) => report.ratios),
)
say(formatGoals(ratios))

const result = {
  commit: measuredCommit,
  node: process.versions.node,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  load: loadavg(),
  rounds: chosenRounds ?? usualRounds,
  quick: options.quick,
  groups: reports,
  ratios,
}
writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(result, null, 2)}\n`)
if (options.json) console.log(JSON.stringify(result))
if (options.check) {
  const missed = Object.entries(ratios).filter(
    ([id, ratio]) => reaches(goals[id as GoalId], ratio, noiseSlack) === 'missed',
  )
  if (missed.length > 0) {
    console.error(`missed: ${missed.map(([id]) => id).join(', ')}`)
    process.exitCode = 1
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
