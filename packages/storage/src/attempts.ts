import type { Backend } from './backend.ts'

/** How often something may be tried. */
export interface AttemptLimit {
  /** What is counted. Who could be recognised by it is hashed. */
  readonly name: string
  readonly attempts: number
  /** From the first attempt on. */
  readonly windowSeconds: number
}

/** Attempts at guessing a secret, counted over all processes and over restarts. */
export interface Attempts {
  /**
   * Counts one attempt under each limit, in this order, up to the first that is reached. Resolves with
   * the seconds to wait, 0 = go on.
   */
  count(limits: readonly AttemptLimit[]): Promise<number>
  /** Takes one attempt back. */
  giveBack(names: readonly string[]): Promise<void>
  forget(name: string): Promise<void>
}

export function createAttempts({ db, commit, now }: Backend): Attempts {
  const expire = db.prepare('delete from attempts where name = ? and expires_at_ms <= ?')
  const add = db.prepare<{ count: number; expires_at_ms: number }>(
    `insert into attempts (name, count, expires_at_ms) values (?, 1, ?)
     on conflict do update set count = count + 1 returning count, expires_at_ms`,
  )
  const subtract = db.prepare('update attempts set count = count - 1 where name = ? and count > 0')
  const remove = db.prepare('delete from attempts where name = ?')
  return {
    count: (limits) =>
      commit.relaxed(() => {
        const nowMs = now()
        for (const { name, attempts, windowSeconds } of limits) {
          expire.run(name, nowMs)
          const { count, expires_at_ms: endsMs } = add.get(name, nowMs + windowSeconds * 1000)!
          if (count > attempts) return Math.max(1, Math.ceil((endsMs - nowMs) / 1000))
        }
        return 0
      }),
    giveBack: (names) =>
      commit.relaxed(() => {
        for (const name of names) subtract.run(name)
      }),
    forget: async (name) => {
      await commit.relaxed(() => remove.run(name))
    },
  }
}
