import { inParallel, type Variant } from './measure.ts'
import { type DpopKey, makeProofs, type Pool, requestToken } from './token-load.ts'

/** A grant under load: what it is redeemed with is made before the clock runs. */
export interface GrantLoad {
  readonly name: string
  readonly baseline?: string | false
  readonly count: number
  readonly pid: number
  readonly origin: string
  readonly path: string
  readonly key: DpopKey
  /** The client's Basic header; absent for one that proves itself in the form. */
  readonly basic?: string
  /** One form for each request. */
  readonly forms: (count: number) => Promise<readonly Readonly<Record<string, string>>[]>
}

export const concurrency = 16

/** A variant that asks for a DPoP-bound token with each form, and checks it. */
export function grantLoad(load: GrantLoad, pool: Pool): Variant {
  const { name, baseline, count, pid, origin, path, key, basic, forms } = load
  let proofs: readonly string[] = []
  let ready: readonly Readonly<Record<string, string>>[] = []
  return {
    name,
    count,
    pids: [pid],
    ...(baseline === undefined ? {} : { baseline }),
    prepare: async (n) => {
      proofs = await makeProofs(key, `${origin}${path}`, n)
      ready = await forms(n)
    },
    run: (n) =>
      inParallel(n, concurrency, async (i) => {
        await requestToken(pool, path, {
          ...(basic !== undefined && { basic }),
          proof: proofs[i] ?? '',
          jkt: key.jkt,
          form: { ...ready[i] },
        })
      }),
  }
}
