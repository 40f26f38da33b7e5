import type { ReplayStore } from '@holdfast/protocol/token'

const parallel = 50

/** Texts that a client may well send, and that a careless store breaks on or confuses. */
const awkwardIds = [
  'a\u0000b',
  '\ud800',
  "'; DROP TABLE x; --",
  'é',
  'e\u0301',
  ' ',
  'x'.repeat(300),
]

/**
 * Checks a {@link ReplayStore} of your own: in your tests, and against the real database. Uses up
 * about a hundred identifiers.
 *
 * @param open - opens the store; called twice, as two processes would
 * @throws Error that names the broken rule
 */
export async function checkReplayStore(
  open: () => ReplayStore | Promise<ReplayStore>,
): Promise<void> {
  const [first, second] = [await open(), await open()]
  const run = crypto.randomUUID()
  const later = Date.now() + 60_000
  const demand = (isKept: boolean, rule: string): void => {
    if (!isKept) throw new Error(`replay store: ${rule}`)
  }

  const use = async (store: ReplayStore, id: string): Promise<boolean> =>
    store.use(`${run}.${id}`, later)

  demand(await use(first, 'once'), 'the first use must be true')
  demand(!(await use(first, 'once')), 'the second use must be false')
  demand(!(await use(second, 'once')), 'a use elsewhere must count')
  demand(!(await second.use(`${run}.once`, later + 1)), 'another expiry must not make it new')

  const stores = Array.from({ length: parallel }, (_, n) => (n % 2 === 0 ? first : second))
  const race = await Promise.all(stores.map((store) => use(store, 'race')))
  demand(race.filter(Boolean).length === 1, `one of ${parallel} parallel uses must be true`)

  const distinct = await Promise.all(stores.map((store, n) => use(store, `distinct.${n}`)))
  demand(distinct.every(Boolean), 'different identifiers must not get in each other’s way')

  for (const id of awkwardIds) {
    demand(await use(first, id), 'every text must be usable as an identifier')
    demand(!(await use(second, id)), 'every text must be remembered')
  }
}
