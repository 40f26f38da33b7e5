import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const benchMain = join(import.meta.dirname, '../bench/run.ts')
const bench = (...args: string[]): ReturnType<typeof run> =>
  run(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', benchMain, ...args])

test(
  'the benchmark prints one JSON report with the measured ratios',
  { timeout: 60_000 },
  async () => {
    const { stdout } = await bench('--quick', '--only', 'audit', '--json')
    const report = JSON.parse(String(stdout)) as {
      groups: { name: string; measurements: { rounds: number[] }[] }[]
      ratios: Record<string, number>
    }
    expect(report.groups.map(({ name }) => name)).toEqual(['unit', 'audit'])
    for (const { measurements } of report.groups) {
      for (const { rounds } of measurements) {
        expect(rounds).toHaveLength(3)
        expect(rounds.every((microseconds) => microseconds > 0)).toBe(true)
      }
    }
    expect(report.ratios).toEqual({ G13: 0, G11: expect.any(Number) as number })
  },
)

test('the benchmark refuses a group that it does not have', async () => {
  await expect(bench('--only', 'speed')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'Groups: token, refresh, grants, rs, dispatch, audit',
    ) as string,
  })
})
