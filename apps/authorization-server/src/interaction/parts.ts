import type Koa from 'koa'
import type { Provider } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { readForm } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { seeOther } from '../http/see-other.ts'
import type { ResourceDirectory } from '../oauth/resource-directory.ts'
import { routes } from '../oauth/routes.ts'
import type { PasswordCheck } from './passwords.ts'
import { type CsrfTokens, requireSameOrigin } from './same-origin.ts'
import type { SignInLimits } from './sign-in-limits.ts'

/** What the pages need beside the app's context. */
export interface InteractionParts {
  readonly ctx: AppContext
  /** The library instance of this moment. */
  readonly provider: () => Provider
  readonly directory: ResourceDirectory
  readonly csrf: CsrfTokens
  readonly checkPassword: PasswordCheck
  readonly signInLimits: SignInLimits
}

export type KoaContext = Koa.ParameterizedContext<RequestState>
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

const expired = (): HttpProblem =>
  new HttpProblem(
    400,
    'This sign-in has expired or was started in another browser. Go back to the app and start again.',
  )

/**
 * The interaction that the request's cookie and path agree on.
 * @throws HttpProblem 400 when it has expired or belongs to another browser
 */
export async function loadInteraction(
  { provider }: InteractionParts,
  koa: KoaContext,
  uid: string,
): Promise<Interaction> {
  const interaction = await provider()
    .interactionDetails(koa.req, koa.res)
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'SessionNotFound') throw expired()
      throw error
    })
  if (interaction.uid !== uid) throw expired()
  return interaction
}

/**
 * Reads a form of an interaction's page after the cross-site checks.
 * @throws HttpProblem 403, 413, 415
 */
export async function readInteractionForm(
  parts: InteractionParts,
  koa: KoaContext,
  uid: string,
): Promise<URLSearchParams> {
  requireSameOrigin(koa.req, parts.ctx.config.issuer)
  const form = await readForm(koa.req)
  parts.csrf.require(uid, form)
  return form
}

/** Goes on with the authorization after a page did its part. */
export async function finish(
  { provider }: InteractionParts,
  koa: KoaContext,
  result: Parameters<Provider['interactionResult']>[2],
): Promise<void> {
  const returnTo = await provider().interactionResult(koa.req, koa.res, result, {
    mergeWithLastSubmission: !('error' in result),
  })
  seeOther(koa, returnTo)
}

/** Signs the browser out and starts the same authorization from its beginning. */
export async function startAgain(
  { provider }: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
): Promise<void> {
  const sessionUid = interaction.session?.uid
  if (sessionUid !== undefined) {
    await (await provider().Session.findByUid(sessionUid))?.destroy()
  }
  await interaction.destroy()
  if (interaction.deviceCode !== undefined)
    return typeCodeAgain(provider(), koa, interaction.deviceCode)
  const params = Object.entries(interaction.params).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  seeOther(koa, `${routes.authorization}?${new URLSearchParams(params).toString()}`)
}

/** Leads back to the device page with the code, which its own confirmation had put aside. */
async function typeCodeAgain(
  provider: Provider,
  koa: KoaContext,
  deviceCode: string,
): Promise<void> {
  const code = await provider.DeviceCode.find(deviceCode)
  if (code) {
    delete code.inFlight
    await code.save()
  }
  const query = code ? `?${new URLSearchParams({ user_code: code.userCode }).toString()}` : ''
  seeOther(koa, `${routes.code_verification}${query}`)
}
