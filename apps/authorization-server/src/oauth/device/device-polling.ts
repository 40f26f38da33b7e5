import { hash } from 'node:crypto'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../../context.ts'
import { grantTypes } from '../grant-types.ts'
import { routes } from '../routes.ts'
import { deviceCodeTtlSeconds, pollIntervalSeconds } from './device-flow.ts'

interface Polling {
  readonly lastMs: number
  readonly intervalMs: number
}

const limit = 10_000

/**
 * Names the interval at which a device may ask, and tells one that asks faster to slow down; each
 * time five seconds more.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628#section-3.5}
 */
export function paceDevices({ clock }: Pick<AppContext, 'clock'>): Koa.Middleware<RequestState> {
  const polling = new Map<string, Polling>()

  /** Notes a question that is too early to be answered; true when it came too fast as well. */
  const isTooFast = (deviceCode: string): boolean => {
    const name = hash('sha256', deviceCode, 'base64url')
    const nowMs = clock()
    const { lastMs, intervalMs } = polling.get(name) ?? {
      lastMs: Number.NEGATIVE_INFINITY,
      intervalMs: pollIntervalSeconds * 1000,
    }
    const tooFast = nowMs - lastMs < intervalMs
    if (polling.size >= limit && !polling.has(name)) forgetOld(polling, nowMs)
    polling.set(name, {
      lastMs: nowMs,
      intervalMs: tooFast ? intervalMs + pollIntervalSeconds * 1000 : intervalMs,
    })
    return tooFast
  }

  return async (koa, next) => {
    await next()
    const body = koa.body as Record<string, unknown> | undefined
    if (typeof body !== 'object') return
    if (koa.path === routes.device_authorization && 'device_code' in body) {
      koa.body = { ...body, interval: pollIntervalSeconds }
    }
    if (koa.path !== routes.token || body['error'] !== 'authorization_pending') return
    const { oidc } = koa as unknown as { oidc?: { params?: Record<string, unknown> } }
    const { grant_type: grantType, device_code: deviceCode } = oidc?.params ?? {}
    if (grantType !== grantTypes.deviceCode || typeof deviceCode !== 'string') return
    if (isTooFast(deviceCode)) {
      koa.body = {
        error: 'slow_down',
        error_description: `wait ${pollIntervalSeconds} seconds longer between two requests than before`,
      }
    }
  }
}

function forgetOld(polling: Map<string, Polling>, nowMs: number): void {
  for (const [name, { lastMs }] of polling) {
    if (nowMs - lastMs > deviceCodeTtlSeconds * 1000) polling.delete(name)
  }
  if (polling.size >= limit) polling.clear()
}
