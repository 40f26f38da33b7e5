import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { PollingClock } from '../src/oauth/device-polling.ts'

/** What the server does with one question of a device instead of answering it. */
export type Mishap = 'hangs' | 'hangs up' | 'is overloaded' | 'is hidden by a proxy'

/** An authorization server of RFC 8628 that keeps its own time and holds devices to their interval. */
export interface DeviceServer {
  readonly issuer: string
  readonly clock: PollingClock
  /** Time between two questions, in seconds. */
  readonly gaps: number[]
  readonly answers: string[]
  /** Overwrites parts of the answer that begins the flow. */
  begin: Record<string, unknown>
  /** What devices must keep to, in seconds, whatever they were told. */
  interval: number
  /** When the person agrees, in seconds from the beginning. */
  approvedAfter: number
  /** What the server says instead of a token from then on. */
  verdict: string | undefined
  /** Before which questions, from 0 on, another process has asked with the same code. */
  askedByOthers: readonly number[]
  /** What becomes of the first questions. */
  readonly mishaps: Mishap[]
  /** Times that the device waited, in milliseconds. */
  readonly waits: number[]
}

export async function startDeviceServer(): Promise<DeviceServer> {
  let nowMs = 1_700_000_000_000
  const startedMs = nowMs
  let lastMs = startedMs

  const poll = (): Record<string, unknown> => {
    const gap = (nowMs - lastMs) / 1000
    lastMs = nowMs
    world.gaps.push(gap)
    const isTooFast = gap < world.interval || world.askedByOthers.includes(world.answers.length)
    if (isTooFast) world.interval += 5
    const elapsed = (nowMs - startedMs) / 1000
    if (elapsed >= Number(world.begin['expires_in'] ?? 600)) return { error: 'expired_token' }
    if (isTooFast) return { error: 'slow_down' }
    if (elapsed < world.approvedAfter) return { error: 'authorization_pending' }
    if (world.verdict !== undefined) return { error: world.verdict }
    return { access_token: 'granted', token_type: 'Bearer', expires_in: 60 }
  }
  const send = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await text(request)
    if (request.url === '/device') {
      const codes = { device_code: 'd', user_code: 'ABCD', verification_uri: `${issuer}/activate` }
      return send(response, 200, { ...codes, expires_in: 600, interval: 5, ...world.begin })
    }
    const mishap = world.mishaps.shift()
    if (mishap !== undefined) {
      world.gaps.push((nowMs - lastMs) / 1000)
      lastMs = nowMs
      world.answers.push(mishap)
      if (mishap === 'hangs up') response.destroy()
      if (mishap === 'is overloaded') response.writeHead(429).end()
      if (mishap === 'is hidden by a proxy') response.writeHead(502).end('<h1>Bad gateway</h1>')
      return undefined
    }
    const answer = poll()
    world.answers.push(String(answer['error'] ?? 'tokens'))
    return send(response, 'error' in answer ? 400 : 200, answer)
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const world: DeviceServer = {
    issuer,
    clock: {
      now: () => nowMs,
      // Short only where nobody will answer: a busy machine is not a silent server.
      get answerWithinMs() {
        return world.mishaps[0] === 'hangs' ? 1000 : 30_000
      },
      wait: (ms) => {
        world.waits.push(ms)
        nowMs += ms
        return Promise.resolve()
      },
    },
    gaps: [],
    answers: [],
    begin: {},
    interval: 5,
    approvedAfter: 0,
    verdict: undefined,
    askedByOthers: [],
    mishaps: [],
    waits: [],
  }
  return world
}
