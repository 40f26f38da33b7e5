import { Router } from '@koa/router'
import { seeOther } from '../http/see-other.ts'
import type { RequestState } from '../context.ts'
import { startConnecting } from './connect.ts'
import { denyInteraction, showConsent, submitConsent } from './consent.ts'
import { invitePage } from './invite.ts'
import { showLogin, submitLogin } from './login.ts'
import { showNewAccount, submitNewAccount } from './new-account.ts'
import {
  type Interaction,
  type InteractionParts,
  type KoaContext,
  loadInteraction,
  readInteractionForm,
  startAgain,
} from './parts.ts'
import { setupPage } from './setup.ts'

type Step = (
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  form: URLSearchParams,
) => Promise<void>

/** The forms of an interaction, and the prompt during which each may be sent. */
const steps: Record<string, { readonly prompt?: 'login' | 'consent'; readonly run: Step }> = {
  login: { prompt: 'login', run: submitLogin },
  consent: { prompt: 'consent', run: submitConsent },
  connect: { prompt: 'consent', run: startConnecting },
  abort: { run: denyInteraction },
  switch: { run: startAgain },
}

/** The pages for people: sign-in, consent, set-up, invitation. */
export function createInteractionRouter(parts: InteractionParts): Router<RequestState> {
  const router = new Router<RequestState>()
  router.get('/interaction/:uid', async (koa) => {
    const interaction = await loadInteraction(parts, koa, koa.params['uid'] ?? '')
    const show = interaction.prompt.name === 'login' ? showLogin : showConsent
    await show(parts, koa, interaction)
  })
  router.post('/interaction/:uid/:step', async (koa, next) => {
    const { uid = '', step = '' } = koa.params
    const handler = Object.hasOwn(steps, step) ? steps[step] : undefined
    if (!handler) return next()
    const form = await readInteractionForm(parts, koa, uid)
    const interaction = await loadInteraction(parts, koa, uid)
    if (handler.prompt !== undefined && handler.prompt !== interaction.prompt.name) {
      seeOther(koa, `/interaction/${interaction.uid}`)
      return undefined
    }
    return handler.run(parts, koa, interaction, form)
  })
  for (const kind of [setupPage, invitePage]) {
    router.get(kind.action, (koa) => showNewAccount(parts, koa, kind))
    router.post(kind.action, (koa) => submitNewAccount(parts, koa, kind))
  }
  return router
}
