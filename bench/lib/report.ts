import { type Goal, type GoalId, goals, reaches } from './goals.ts'
import type { Measurement } from './measure.ts'

/** One group's outcome. */
export interface GroupReport {
  readonly name: string
  readonly about: string
  readonly measurements: readonly Measurement[]
  readonly ratios: Partial<Record<GoalId, number>>
}

/** The table of one group, each cost also in V. */
export function formatGroup(report: GroupReport, unitMicroseconds: number): string {
  const costOf = (name: string | undefined): number =>
    report.measurements.find((one) => one.name === name)?.microsecondsPerOperation ?? Number.NaN
  const timesBaseline = ({ baseline = report.measurements[0]?.name, ...m }: Measurement): string =>
    baseline === false ? '' : (m.microsecondsPerOperation / costOf(baseline)).toFixed(2)
  const rows = report.measurements.map((m) => [
    m.name + (m.note === undefined ? '' : ` (${m.note})`),
    m.microsecondsPerOperation.toFixed(1),
    (m.microsecondsPerOperation / unitMicroseconds).toFixed(2),
    timesBaseline(m),
    m.operationsPerSecond.toFixed(0),
    m.p50Ms === undefined ? '' : m.p50Ms.toFixed(2),
    `${m.spread[0].toFixed(0)}..${m.spread[1].toFixed(0)}`,
  ])
  const header = ['variant', 'µs CPU/op', 'V', '× base', 'op/s', 'p50 ms', 'µs min..max']
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return [`\n${report.name}: ${report.about}`, line(header), ...rows.map(line)].join('\n')
}

/** One line per goal that the run measured. */
export function formatGoals(ratios: Partial<Record<GoalId, number>>): string {
  const lines = Object.entries(ratios).map(([id, ratio]) => {
    const goal: Goal = goals[id as GoalId]
    const relation = goal.kind === 'min' ? '≥' : '≤'
    return `${id.padEnd(4)} ${ratio.toFixed(2).padStart(6)}  must ${relation} ${goal.must}, aim ${relation} ${goal.aim}: ${reaches(goal, ratio)}  (${goal.what})`
  })
  return ['\ngoals, as ratios within this run', ...lines].join('\n')
}
