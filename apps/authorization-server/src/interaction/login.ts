import { html } from 'hono/html'
import { cloneNote } from '../views/clone-note.ts'
import { loginPage } from '../views/login.ts'
import { messagePage } from '../views/message.ts'
import { sendPage } from '../views/page.ts'
import { accountGone } from '../oauth/interaction-policy.ts'
import {
  finish,
  type Interaction,
  type InteractionParts,
  type KoaContext,
  startAgain,
} from './parts.ts'
import { requireTurn } from './passwords.ts'

/** Shows the sign-in form. */
export async function showLogin(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
): Promise<void> {
  if (interaction.prompt.reasons.includes(accountGone)) return startAgain(parts, koa, interaction)
  if ((await parts.ctx.storage.users.list({ limit: 1 })).length === 0) return sendNotSetUp(koa)
  const hint = interaction.params['login_hint']
  await sendLogin(parts, koa, interaction, 200, {
    email: typeof hint === 'string' ? hint.slice(0, 254) : undefined,
  })
}

/**
 * Checks e-mail address and password. Unknown addresses, disabled users and wrong passwords take
 * the same way at the same cost and get the same answer.
 *
 * @throws HttpProblem 503 when too many passwords wait to be checked
 */
export async function submitLogin(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  form: URLSearchParams,
): Promise<void> {
  const { storage } = parts.ctx
  const email = (form.get('email') ?? '').slice(0, 254)
  const { remoteAddress, requestId } = koa.state
  const client = String(interaction.params['client_id'])

  requireTurn()
  const waitSeconds = await parts.signInLimits.attempt(email, remoteAddress)
  if (waitSeconds > 0) {
    koa.set('Retry-After', String(waitSeconds))
    const minutes = Math.ceil(waitSeconds / 60)
    return sendLogin(parts, koa, interaction, 429, {
      email,
      error: `Too many attempts. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
    })
  }

  const user = await storage.users.findByEmail(email)
  const matches = await parts.checkPassword(user?.passwordHash, form.get('password') ?? '')
  if (!matches || user?.status !== 'active') {
    await storage.audit.append({
      type: 'sign_in',
      outcome: 'denied',
      subject: user?.id,
      client,
      request_id: requestId,
      detail: { address: remoteAddress },
    })
    return sendLogin(parts, koa, interaction, 401, {
      email,
      error: 'The e-mail address or the password is wrong.',
    })
  }

  await parts.signInLimits.succeeded(email, remoteAddress)
  await storage.audit.append({
    type: 'sign_in',
    outcome: 'success',
    actor: user.id,
    client,
    request_id: requestId,
    detail: { address: remoteAddress },
  })
  const signedInAs = interaction.session?.accountId
  if (signedInAs !== undefined && signedInAs !== user.id) {
    return startAgain(parts, koa, interaction)
  }
  return finish(parts, koa, { login: { accountId: user.id, remember: false, amr: ['pwd'] } })
}

const sendNotSetUp = (koa: KoaContext): Promise<void> =>
  sendPage(
    koa,
    409,
    messagePage(
      'Nobody can sign in here yet',
      html`<p role="alert">
          This server has no account. Its administrator makes the first one: with the one-time link
          that the server printed when it started, or with <code>holdfast setup</code> on its
          machine. Then start again.
        </p>
        ${cloneNote()}`,
    ),
  )

async function sendLogin(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  status: number,
  view: { readonly email?: string | undefined; readonly error?: string },
): Promise<void> {
  const clientId = String(interaction.params['client_id'])
  const client = await parts.provider().Client.find(clientId)
  await sendPage(
    koa,
    status,
    loginPage({
      uid: interaction.uid,
      csrf: parts.csrf.tokenFor(interaction.uid),
      clientName: client?.clientName ?? clientId,
      ...view,
    }),
  )
}
