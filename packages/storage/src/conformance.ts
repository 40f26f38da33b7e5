import type { OidcAdapter } from './oidc/types.ts'

export type { OidcAdapter, OidcPayload } from './oidc/types.ts'

/** An empty store, as the suite drives it. */
export interface ConformanceStore {
  adapter(model: string): OidcAdapter
  /** Everything that is on disk at this moment; omit it for a store that keeps nothing. */
  storedBytes?(): Promise<Uint8Array>
  close(): Promise<void>
}

export interface ConformanceStoreOptions {
  readonly refreshGraceSeconds: number
  /** Unix milliseconds; the suite moves this clock. */
  readonly now: () => number
}

/** Opens a new, empty store; called once per case. */
export type OpenConformanceStore = (options: ConformanceStoreOptions) => Promise<ConformanceStore>

/** One rule; `run` throws an Error that says what the adapter did wrong. */
export interface ConformanceCase {
  readonly name: string
  run(open: OpenConformanceStore): Promise<void>
}

const racers = 50
const graceSeconds = 30

/**
 * What an adapter of oidc-provider must do so that single-use codes, rotated refresh tokens and DPoP proofs are
 * single-use: the library itself only looks, then writes.
 *
 * @example
 * for (const { name, run } of adapterConformance) test(name, () => run(openMyStore))
 */
export const adapterConformance: readonly ConformanceCase[] = [
  {
    name: 'an authorization code is redeemed by exactly one of 50 concurrent requests',
    run: (open) =>
      withStore(open, 0, async ({ adapter }) => {
        const codes = adapter('AuthorizationCode')
        await codes.upsert('code-1', { jti: 'code-1', grantId: 'grant-1' }, 60)
        expect(await winners(() => redeem(codes, 'code-1')), 1, 'redemptions of one code')
        const found = await codes.find('code-1')
        expect(Boolean(found?.['consumed']), true, 'a redeemed code is found as consumed')
      }),
  },
  {
    name: 'without a grace window a refresh token is rotated by exactly one of 50 concurrent requests',
    run: (open) =>
      withStore(open, 0, async ({ adapter }) => {
        const tokens = adapter('RefreshToken')
        await tokens.upsert('refresh-1', { jti: 'refresh-1', grantId: 'grant-1' }, 3600)
        expect(await winners(() => redeem(tokens, 'refresh-1')), 1, 'rotations of one token')
      }),
  },
  {
    name: 'inside the grace window all 50 refreshes succeed, after it the token is found as consumed',
    run: (open) =>
      withStore(open, graceSeconds, async ({ adapter, wait }) => {
        const tokens = adapter('RefreshToken')
        await tokens.upsert('refresh-2', { jti: 'refresh-2', grantId: 'grant-1' }, 3600)
        expect(await winners(() => redeem(tokens, 'refresh-2')), racers, 'refreshes at once')
        wait(graceSeconds * 1000 - 1)
        expect(await winners(() => redeem(tokens, 'refresh-2')), racers, 'refreshes in the window')
        wait(1)
        expect(await winners(() => redeem(tokens, 'refresh-2')), 0, 'refreshes after the window')
        const found = await tokens.find('refresh-2')
        expect(
          Boolean(found?.['consumed']),
          true,
          'a reused token is found, so that its family is revoked',
        )
      }),
  },
  {
    name: 'the grace window is for refresh tokens only',
    run: (open) =>
      withStore(open, graceSeconds, async ({ adapter }) => {
        const codes = adapter('AuthorizationCode')
        await codes.upsert('code-2', { jti: 'code-2' }, 60)
        expect(await winners(() => redeem(codes, 'code-2')), 1, 'redemptions of one code')
      }),
  },
  {
    name: 'a DPoP proof is used by exactly one of 50 concurrent requests',
    run: (open) =>
      withStore(open, 0, async ({ adapter, wait }) => {
        const proofs = adapter('ReplayDetection')
        expect(await winners(() => useOnce(proofs, 'proof-1')), 1, 'uses of one proof')
        wait(299_000)
        expect(await winners(() => useOnce(proofs, 'proof-1')), 0, 'later uses of the same proof')
        expect(await winners(() => useOnce(proofs, 'proof-2')), 1, 'uses of another proof')
      }),
  },
  {
    name: 'saving a consumed record again does not make it usable',
    run: (open) =>
      withStore(open, 0, async ({ adapter }) => {
        const codes = adapter('AuthorizationCode')
        await codes.upsert('code-3', { jti: 'code-3' }, 60)
        await codes.consume('code-3')
        await codes.upsert('code-3', { jti: 'code-3' }, 60)
        expect(await winners(() => redeem(codes, 'code-3')), 0, 'redemptions after a second save')
      }),
  },
  {
    name: 'an expired record is not found',
    run: (open) =>
      withStore(open, 0, async ({ adapter, wait }) => {
        const sessions = adapter('Session')
        await sessions.upsert('session-1', { jti: 'session-1', uid: 'uid-1' }, 10)
        expect((await sessions.find('session-1'))?.['uid'], 'uid-1', 'a live session')
        wait(10_000)
        expect(await sessions.find('session-1'), undefined, 'an expired session')
        expect(await sessions.findByUid('uid-1'), undefined, 'an expired session by uid')
      }),
  },
  {
    name: 'records are found by uid and by user code, and only in their own model',
    run: (open) =>
      withStore(open, 0, async ({ adapter }) => {
        await adapter('Session').upsert('id-1', { jti: 'id-1', uid: 'uid-1' }, 60)
        await adapter('DeviceCode').upsert('id-2', { jti: 'id-2', userCode: 'ABCD-1234' }, 60)
        expect((await adapter('Session').findByUid('uid-1'))?.['jti'], 'id-1', 'session by uid')
        const device = await adapter('DeviceCode').findByUserCode('ABCD-1234')
        expect(device?.['jti'], 'id-2', 'device code by user code')
        expect(await adapter('AuthorizationCode').find('id-1'), undefined, 'a session as a code')
        await adapter('Session').destroy('id-1')
        expect(await adapter('Session').findByUid('uid-1'), undefined, 'a destroyed session')
      }),
  },
  {
    name: 'revoking a grant deletes its codes and tokens and no others',
    run: (open) =>
      withStore(open, graceSeconds, async ({ adapter }) => {
        await adapter('AuthorizationCode').upsert('a', { jti: 'a', grantId: 'grant-1' }, 60)
        await adapter('RefreshToken').upsert('b', { jti: 'b', grantId: 'grant-1' }, 60)
        await adapter('RefreshToken').upsert('c', { jti: 'c', grantId: 'grant-2' }, 60)
        await adapter('Interaction').upsert('d', { jti: 'd', grantId: 'grant-1' }, 60)
        await adapter('RefreshToken').revokeByGrantId('grant-1')
        await adapter('AuthorizationCode').revokeByGrantId('grant-1')
        expect(await adapter('AuthorizationCode').find('a'), undefined, 'a code of the grant')
        expect(await adapter('RefreshToken').find('b'), undefined, 'a token of the grant')
        expect(await winners(() => redeem(adapter('RefreshToken'), 'b')), 0, 'refreshes after it')
        expect((await adapter('RefreshToken').find('c'))?.['jti'], 'c', 'a token of another grant')
        expect((await adapter('Interaction').find('d'))?.['jti'], 'd', 'an interaction')
      }),
  },
  {
    name: 'neither the keys nor the payloads of records are on disk in clear',
    run: (open) =>
      withStore(open, 0, async ({ adapter, storedBytes }) => {
        if (storedBytes === undefined) return
        const secrets: string[] = []
        for (const model of [
          'Session',
          'Interaction',
          'AuthorizationCode',
          'RefreshToken',
          'Grant',
        ]) {
          const id = `canary-id-${model}`
          const inside = `canary-payload-${model}`
          secrets.push(id, inside)
          await adapter(model).upsert(id, { jti: id, uid: `canary-uid-${model}`, inside }, 60)
          secrets.push(`canary-uid-${model}`)
        }
        await adapter('ReplayDetection').upsert('canary-jti', { jti: 'canary-jti' }, 60)
        const bytes = new TextDecoder('latin1').decode(await storedBytes())
        expect(bytes.length > 0, true, 'something is stored')
        for (const secret of [...secrets, 'canary-jti']) {
          expect(bytes.includes(secret), false, `"${secret}" is on disk`)
        }
      }),
  },
]

/** Redeems a single-use record as the library does; false when it was used up before. */
export async function redeem(adapter: OidcAdapter, id: string): Promise<boolean> {
  const found = await adapter.find(id)
  if (found === undefined || Boolean(found['consumed'])) return false
  return await succeeds(adapter.consume(id))
}

/** Uses a proof as the library does; false when it was used before. */
export async function useOnce(adapter: OidcAdapter, id: string): Promise<boolean> {
  if ((await adapter.find(id)) !== undefined) return false
  return await succeeds(adapter.upsert(id, { jti: id }, 300))
}

/** How many of 50 concurrent attempts succeed. */
export async function winners(attempt: () => Promise<boolean>): Promise<number> {
  const outcomes = await Promise.all(Array.from({ length: racers }, attempt))
  return outcomes.filter(Boolean).length
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch {
    return false
  }
}

interface Fixture {
  readonly adapter: (model: string) => OidcAdapter
  readonly storedBytes?: () => Promise<Uint8Array>
  readonly wait: (ms: number) => void
}

async function withStore(
  open: OpenConformanceStore,
  refreshGraceSeconds: number,
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  let nowMs = 1_800_000_000_000
  const store = await open({ refreshGraceSeconds, now: () => nowMs })
  try {
    await work({
      adapter: (model) => store.adapter(model),
      ...(store.storedBytes && { storedBytes: store.storedBytes.bind(store) }),
      wait: (ms) => {
        nowMs += ms
      },
    })
  } finally {
    await store.close()
  }
}

function expect(actual: unknown, wanted: unknown, what: string): void {
  if (actual !== wanted) {
    throw new Error(`adapter conformance: ${what}: got ${String(actual)}, want ${String(wanted)}`)
  }
}
