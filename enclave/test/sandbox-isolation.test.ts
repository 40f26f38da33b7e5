import type { AttackResult } from '@holdfast/protocol/enclave'
import { describe, expect, it } from 'vitest'
import { isolationReport, levelFromAttacks } from '../src/sandbox/isolation.ts'

const result = (outcome: AttackResult['outcome'], caps: AttackResult['caps']): AttackResult => ({
  id: 'some-attack',
  attack: 'try something',
  from: 'inside',
  outcome,
  caps,
})

describe('the isolation level', () => {
  it('is the best of software when every attack was denied, and never claims hardware', () => {
    expect(levelFromAttacks([result('denied', 'process')])).toBe('networkless')
  })

  it('falls to the lowest cap of the attacks that succeeded', () => {
    const attacks = [result('succeeded', 'filtered'), result('succeeded', 'process')]
    expect(levelFromAttacks(attacks)).toBe('process')
    expect(levelFromAttacks(attacks.slice(0, 1))).toBe('filtered')
  })

  it('takes an attack that could not be tried for one that succeeded', () => {
    expect(levelFromAttacks([result('unavailable', 'process')])).toBe('process')
  })

  it('is explained by one reason for each attack that lowered it', () => {
    const attacks = [
      { ...result('succeeded', 'filtered'), detail: 'eth0' },
      result('denied', 'process'),
      result('succeeded', 'networkless'),
    ]
    const report = isolationReport(attacks, { mechanisms: ['seccomp'], reasons: ['needs root'] })
    expect(report.reasons).toEqual([
      'needs root',
      'try something: succeeded (eth0); at most filtered',
    ])
    expect(report).toMatchObject({ level: 'filtered', mechanisms: ['seccomp'], hardware: 'none' })
  })
})
