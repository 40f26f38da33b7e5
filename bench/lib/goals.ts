/** What must hold and what we aim for, as ratios within one run. */
export interface Goal {
  readonly id: string
  readonly what: string
  /** `min`: the ratio must be at least this; `max`: at most. */
  readonly kind: 'min' | 'max'
  readonly must: number
  readonly aim: number
}

/** The goals that this version is held to. */
export const goals = {
  G1: {
    id: 'G1',
    what: 'tokens per CPU second: ours, durable, stored client / bare oidc-provider in memory',
    kind: 'min',
    must: 0.85,
    aim: 1.05,
  },
  G2: {
    id: 'G2',
    what: 'CPU of a rotating refresh with DPoP: ours / oidc-provider with a Map',
    kind: 'max',
    must: 1.4,
    aim: 1.2,
  },
  G3: {
    id: 'G3',
    what: 'CPU of a token: better-auth with its OAuth provider / ours',
    kind: 'min',
    must: 3,
    aim: 4,
  },
  G4: { id: 'G4', what: 'warm token and proof check, in V', kind: 'max', must: 2.2, aim: 1.5 },
  G5: { id: 'G5', what: 'cold token and proof check, in V', kind: 'max', must: 5.5, aim: 3.2 },
  G6: {
    id: 'G6',
    what: 'warm check: cost of the faster npm peer / ours',
    kind: 'min',
    must: 2.5,
    aim: 4,
  },
  G7: {
    id: 'G7',
    what: 'replay check in memory, in V, with nothing or 1M proofs live',
    kind: 'max',
    must: 0.05,
    aim: 0.02,
  },
  G7b: {
    id: 'G7b',
    what: 'replay check: 1M proofs live / none',
    kind: 'max',
    must: 2,
    aim: 1.5,
  },
  G8: {
    id: 'G8',
    what: 'dispatches per second: ours, full path, durable audit / bare undici proxy',
    kind: 'min',
    must: 0.33,
    aim: 0.45,
  },
  G9: {
    id: 'G9',
    what: 'CPU of a dispatch: ours, full path / bare undici proxy',
    kind: 'max',
    must: 4,
    aim: 3,
  },
  G11: {
    id: 'G11',
    what: 'CPU of a durable audit entry at 16 at once / one relaxed transaction each',
    kind: 'max',
    must: 1.2,
    aim: 1,
  },
  G12a: {
    id: 'G12a',
    what: 'a connection read by its handle: among 1M connections / among 1k',
    kind: 'max',
    must: 1.6,
    aim: 1.4,
  },
  G12b: {
    id: 'G12b',
    what: 'a connection created: beside 1M / beside 1k',
    kind: 'max',
    must: 1.5,
    aim: 1.3,
  },
  G12c: {
    id: 'G12c',
    what: 'rows of a rotating refresh: among 1M / among 1k',
    kind: 'max',
    must: 1.5,
    aim: 1.3,
  },
  G12d: {
    id: 'G12d',
    what: 'CPU of a whole dispatch: among 1M connections, 2100 in use / among 2400, 1200 in use',
    kind: 'max',
    must: 1.1,
    aim: 1.05,
  },
  G13: {
    id: 'G13',
    what: 'race cases of the adapter conformance suite that fail',
    kind: 'max',
    must: 0,
    aim: 0,
  },
} as const satisfies Record<string, Goal>

export type GoalId = keyof typeof goals

/** Whether a measured ratio reaches the goal. `slack` is the share allowed for noise. */
export function reaches(goal: Goal, ratio: number, slack = 0): 'aim' | 'must' | 'missed' {
  const holds = (limit: number): boolean =>
    goal.kind === 'min' ? ratio >= limit * (1 - slack) : ratio <= limit * (1 + slack)
  if (holds(goal.aim)) return 'aim'
  return holds(goal.must) ? 'must' : 'missed'
}
