/** A whole Holdfast that was filled, with sealed connections in use among all others. */
import { generateDpopKey } from '@holdfast/protocol/token'
import type { Stack } from '@holdfast/test/stack'
import { join } from 'node:path'
import type { BenchUpstream } from './bench-upstream.ts'
import type { Call } from './dispatch-load.ts'
import { type DispatchStack, startDispatchStack } from './dispatch-stack.ts'
import { fillDatabase, spreadRows } from './fill-database.ts'
import { inParallel } from './measure.ts'
import { makeProofs, Pool, requestToken } from './token-load.ts'

/** How large it is to be. */
export interface GrownStackOptions {
  /** Connections that nobody uses, and as many clients, grants and tokens. */
  readonly rows: number
  /** Connections with a credential that the enclave opens. */
  readonly sealed: number
  readonly progress: (text: string) => void
}

/** A filled Holdfast that runs. */
export interface GrownStack {
  readonly stack: Stack
  /** One for each sealed connection, each with a token of its own. */
  readonly calls: readonly Call[]
}

/** Starts one, seals, stops it to fill its database, and starts it again. */
export async function startGrownStack(
  upstream: BenchUpstream,
  { rows, sealed, progress }: GrownStackOptions,
): Promise<GrownStack> {
  const started = await startDispatchStack(upstream)
  const { stack } = started
  try {
    const calls = await sealCalls(started, sealed, progress)
    await stack.end('SIGTERM')
    const file = join(stack.dataDir, 'control', 'holdfast.db')
    const handle = handlesAround(
      calls.map((call) => call.handle),
      rows,
    )
    fillDatabase({ file, rows, handle, progress })
    spreadRows(file, 'connections', rows)
    await stack.startAgain()
    return { stack, calls }
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** Handles that stand between those of `sealed` in every index, as many before each. */
function handlesAround(sealed: readonly string[], rows: number): (row: number) => string {
  // Prefix, time and a third of the chance of a handle.
  const starts = sealed.toSorted().map((handle) => handle.slice(0, 'ddls:conn:'.length + 16))
  return (row) => {
    const near = starts[Math.floor(((row - 1) * starts.length) / rows)]
    return `${near}${String(row).padStart(10, '0')}-bench-api`
  }
}

async function sealCalls(
  { stack, client, seal }: DispatchStack,
  count: number,
  progress: (text: string) => void,
): Promise<readonly Call[]> {
  const { issuer } = stack
  const { key: apiKey } = await client.apiKeys.create({ resources: [`${issuer}/dispatch`] })
  const key = await generateDpopKey()
  const pool = new Pool(issuer, { connections: 8 })
  const calls: Call[] = []
  try {
    await inParallel(count, 8, async () => {
      const handle = await seal()
      const [proof = ''] = await makeProofs(key, `${issuer}/oauth2/token`, 1)
      const { access_token: token } = await requestToken(pool, '/oauth2/token', {
        proof,
        jkt: key.jkt,
        form: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: apiKey,
          subject_token_type: 'urn:ietf:params:oauth:token-type:api_key',
          resource: `${issuer}/dispatch`,
          scope: 'dispatch',
          ext: JSON.stringify({ connections: { 'bench-api': handle } }),
        },
      })
      progress(`sealing connections: ${calls.push({ handle, bound: { token, key } })} of ${count}`)
    })
    return calls
  } finally {
    await pool.close()
  }
}
