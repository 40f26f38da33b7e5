import { z } from 'zod'

/** Isolation levels of the enclave, weakest first. Each is claimed only by the result of attacks. */
export const isolationLevels = ['none', 'process', 'filtered', 'networkless', 'hardware'] as const

/** Zod schema of {@link IsolationLevel}. */
export const isolationLevelSchema = z.enum(isolationLevels)
export type IsolationLevel = z.infer<typeof isolationLevelSchema>

/** One attempted attack on the enclave, and what came of it. */
export const attackResultSchema = z.object({
  /** Stable short name, such as `connect-inet`. */
  id: z.string(),
  /** One sentence that says what was tried. */
  attack: z.string(),
  from: z.enum(['inside', 'outside']),
  outcome: z.enum(['denied', 'succeeded', 'unavailable']),
  /** Error name or reason; never data that the attack could read. */
  detail: z.string().optional(),
  /** The highest level that can still be claimed when this attack succeeds. */
  caps: isolationLevelSchema,
})
export type AttackResult = z.infer<typeof attackResultSchema>

/** What the enclave's isolation was measured to be. */
export const isolationReportSchema = z.object({
  level: isolationLevelSchema,
  attacks: z.array(attackResultSchema),
  /** Why the level is not higher, one sentence each. */
  reasons: z.array(z.string()),
  /** Mechanisms in force, such as `netns`, `landlock`, `seccomp`, `own-uid`, `non-dumpable`. */
  mechanisms: z.array(z.string()),
  hardware: z.literal('none'),
})
export type IsolationReport = z.infer<typeof isolationReportSchema>

/** Position of a level in the ladder: 0 is the weakest. */
export const isolationRank = (level: IsolationLevel): number => isolationLevels.indexOf(level)

/** The weaker of two levels. */
export const weakerLevel = (a: IsolationLevel, b: IsolationLevel): IsolationLevel =>
  isolationRank(a) <= isolationRank(b) ? a : b
