import { createAuthority } from '@holdfast/test/tls'
import { Agent, request } from 'undici'
import { startServer } from './server-process.ts'

/** A TLS upstream on loopback that counts the calls which carry its key. */
export interface BenchUpstream {
  readonly url: string
  readonly caPem: string
  readonly secret: string
  /** The header that calls must carry exactly once. */
  readonly authorization: string
  /** How many calls came with the key; throws when any came without. */
  count(): Promise<number>
  stop(): Promise<void>
}

/** Starts `bench/servers/upstream.ts` with a certificate of its own authority. */
export async function startUpstream(): Promise<BenchUpstream> {
  const secret = 'bench-upstream-key'
  const authorization = `Bearer ${secret}`
  const authority = createAuthority()
  const { certPem: cert, keyPem: key } = authority.issue(['localhost'])
  const server = await startServer('upstream', { cert, key, authorization })
  const url = `https://localhost:${server.ready.port}`
  const { caPem } = authority
  const dispatcher = new Agent({ connect: { ca: caPem } })
  return {
    ...{ url, caPem, secret, authorization },
    count: async () => {
      const answer = await request(`${url}/counts`, { dispatcher })
      const counts = (await answer.body.json()) as { accepted: number; refused: number }
      if (counts.refused > 0) throw new Error(`${counts.refused} calls arrived without the key`)
      return counts.accepted
    },
    stop: async () => {
      await dispatcher.close()
      await server.stop()
    },
  }
}
