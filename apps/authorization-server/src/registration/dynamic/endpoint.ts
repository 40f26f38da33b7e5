import type { JsonObject } from '@holdfast/storage'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../../context.ts'
import { notAllowed } from '../../http/allow-methods.ts'
import { HttpProblem } from '../../http/problem.ts'
import { RegistrationError } from '../errors.ts'
import { registrationAnswer, registrationPath } from './answer.ts'
import { bearerToken, invalidToken } from './bearer.ts'
import { createRegistrationLimits, type RegistrationLimits } from './limits.ts'
import { manageClient } from './manage.ts'
import { readMetadata } from './read-metadata.ts'
import { acceptMetadata } from '../self-service-metadata.ts'
import {
  type DynamicClient,
  dynamicRules,
  findEqualClient,
  registerDynamic,
} from './register-dynamic.ts'

type Context = Koa.ParameterizedContext<RequestState>

/**
 * Dynamic client registration and its management, for any web page too: there are no cookies here.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591}
 * @see {@link https://www.rfc-editor.org/rfc/rfc7592}
 */
export function serveRegistration(ctx: AppContext): Koa.Middleware<RequestState> {
  const limits = createRegistrationLimits(ctx.config.registration)
  const isOn = ctx.config.registration.dynamic !== 'off'
  return async (koa, next) => {
    const id = isOn ? clientIdOf(koa.path) : undefined
    if (id === undefined) return next()
    allowEveryOrigin(koa)
    if (koa.method === 'OPTIONS') {
      koa.status = 204
      return undefined
    }
    await limits.request(koa.state.remoteAddress)
    try {
      if (id !== '') await manageClient(ctx, koa, id)
      else if (koa.method === 'POST') await register(ctx, koa, limits)
      else throw notAllowed('POST')
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error
      throw new HttpProblem(400, error.message, { error: error.code })
    }
    return undefined
  }
}

/** Empty for the endpoint itself; undefined for any other path. */
function clientIdOf(path: string): string | undefined {
  if (path === registrationPath) return ''
  return path.startsWith(`${registrationPath}/`)
    ? path.slice(registrationPath.length + 1)
    : undefined
}

async function register(ctx: AppContext, koa: Context, limits: RegistrationLimits): Promise<void> {
  const { storage, config } = ctx
  const token =
    config.registration.dynamic === 'initial-access-token' ? bearerToken(koa.req) : undefined
  const needsToken = config.registration.dynamic === 'initial-access-token'
  if (needsToken && (token === undefined || !(await storage.registrationTokens.isValid(token)))) {
    throw invalidToken('registration here needs an initial access token: ask an administrator')
  }
  const metadata = acceptMetadata(await readMetadata(koa.req), dynamicRules(config))
  const registered =
    (await findEqualClient(ctx, metadata)) ?? (await makeClient(ctx, koa, limits, metadata, token))
  koa.status = 201
  koa.body = registrationAnswer(config.issuer, registered)
}

/** Only here something is stored, counted, and a use of the token spent: what is refused costs none. */
async function makeClient(
  ctx: AppContext,
  koa: Context,
  limits: RegistrationLimits,
  metadata: JsonObject,
  token: string | undefined,
): Promise<DynamicClient> {
  const { storage } = ctx
  const takeBack = await limits.create(koa.state.remoteAddress)
  const spent = token === undefined ? undefined : await storage.registrationTokens.spend(token)
  if (token !== undefined && spent === undefined) {
    await takeBack()
    throw invalidToken('the initial access token has been used up')
  }
  const registered = await registerDynamic(ctx, metadata).catch(async (error: unknown) => {
    await takeBack()
    throw error
  })
  if (!registered.created) await takeBack()
  else {
    await storage.audit.append({
      type: 'client.registered',
      outcome: 'success',
      actor: spent?.id,
      subject: registered.client.clientId,
      request_id: koa.state.requestId,
      detail: { by: 'the client itself' },
    })
  }
  return registered
}

function allowEveryOrigin(koa: Context): void {
  koa.set('Access-Control-Allow-Origin', '*')
  koa.set('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE')
  const wanted = koa.get('Access-Control-Request-Headers')
  if (/^[A-Za-z0-9-, ]{1,500}$/.test(wanted)) koa.set('Access-Control-Allow-Headers', wanted)
  koa.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After')
  koa.set('Access-Control-Max-Age', '3600')
  koa.set('Cross-Origin-Resource-Policy', 'cross-origin')
  koa.vary('Access-Control-Request-Headers')
}
