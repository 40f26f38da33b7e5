import { type InvitationPurpose, StorageError } from '@holdfast/storage'
import { html } from 'hono/html'
import { readForm } from '../http/form-body.ts'
import { messagePage } from '../views/message.ts'
import { newPasswordPage } from '../views/new-password.ts'
import { type Html, sendPage } from '../views/page.ts'
import type { InteractionParts, KoaContext } from './parts.ts'
import { hashPassword, isEmail, passwordProblem } from './passwords.ts'
import { requireSameOrigin } from './same-origin.ts'

/** A page on which a one-time key makes an account. */
export interface NewAccountPage {
  readonly purpose: InvitationPurpose
  readonly action: '/setup' | '/invite'
  readonly title: string
  readonly text: string
  /** How to get another key. */
  readonly howToGetKey: string
  readonly done: (issuer: string) => Html
}

/** Shows the form while the key is good; looking at it does not use it up. */
export async function showNewAccount(
  parts: InteractionParts,
  koa: KoaContext,
  kind: NewAccountPage,
): Promise<void> {
  const key = [koa.query['key']].flat()[0] ?? ''
  await sendForm(parts, koa, kind, key, 200, {})
}

/** Makes the account; of several submissions with one key exactly one wins. */
export async function submitNewAccount(
  parts: InteractionParts,
  koa: KoaContext,
  kind: NewAccountPage,
): Promise<void> {
  const { storage, config } = parts.ctx
  requireSameOrigin(koa.req, config.issuer)
  const form = await readForm(koa.req)
  const key = form.get('key') ?? ''
  const password = form.get('password') ?? ''
  const invitation = await storage.invitations.find(key, kind.purpose)
  if (!invitation) return sendKeyGone(koa, kind)
  const email = invitation.email ?? (form.get('email') ?? '').trim()
  const problem = isEmail(email)
    ? (passwordProblem(password, email) ?? typedTwice(password, form.get('repeat')))
    : 'This is not an e-mail address.'
  if (problem !== undefined) {
    return sendForm(parts, koa, kind, key, 400, { email, error: problem })
  }
  try {
    const passwordHash = await hashPassword(password)
    const user = await storage.invitations.redeem(key, kind.purpose, { email, passwordHash })
    await storage.audit.append({
      type: 'user.created',
      outcome: 'success',
      actor: invitation.createdBy ?? 'system',
      subject: user.id,
      request_id: koa.state.requestId,
      detail: { role: user.role, way: kind.purpose },
    })
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    if (error.code === 'ONE_TIME_KEY_INVALID') return sendKeyGone(koa, kind)
    if (error.code !== 'EXISTS') throw error
    return sendForm(parts, koa, kind, key, 409, {
      email,
      error: 'An account with this e-mail address exists already.',
    })
  }
  await sendPage(koa, 200, messagePage('Your account is ready', kind.done(config.issuer)))
}

/** What a person types unseen is typed twice; a program sends it once. */
const typedTwice = (password: string, repeat: string | null): string | undefined =>
  repeat === null || repeat === password
    ? undefined
    : 'The two passwords are not the same. Type both again.'

async function sendForm(
  parts: InteractionParts,
  koa: KoaContext,
  kind: NewAccountPage,
  key: string,
  status: number,
  filled: { readonly email?: string; readonly error?: string },
): Promise<void> {
  const invitation = await parts.ctx.storage.invitations.find(key, kind.purpose)
  if (!invitation) return sendKeyGone(koa, kind)
  const { hostname, protocol } = new URL(parts.ctx.config.issuer)
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
  await sendPage(
    koa,
    status,
    newPasswordPage({
      title: kind.title,
      text: kind.text,
      action: kind.action,
      key,
      fixedEmail: invitation.email,
      insecure: protocol !== 'https:' && !isLocal,
      ...filled,
    }),
  )
}

const sendKeyGone = (koa: KoaContext, kind: NewAccountPage): Promise<void> =>
  sendPage(
    koa,
    410,
    messagePage(
      'This link no longer works',
      html`<p role="alert">It was used already, or it has expired. ${kind.howToGetKey}</p>`,
    ),
  )
