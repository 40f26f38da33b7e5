import type { Router } from '@koa/router'
import { fromBase64url, maxEnvelopeBytes, providerNameSchema } from '@holdfast/protocol'
import type { Catalog } from '@holdfast/providers'
import type { ConnectTicket } from '@holdfast/storage'
import { z } from 'zod'
import { problemCodes, toProblem } from '../../api/problem.ts'
import { checked, readJson } from '../../api/run-route.ts'
import { restoreCredential } from '../../connections/restore.ts'
import { uploadCredential } from '../../connections/upload.ts'
import type { RequestState } from '../../context.ts'
import { HttpProblem } from '../../http/problem.ts'
import { seeOther } from '../../http/see-other.ts'
import type { KoaContext } from '../../interaction/parts.ts'
import { requireSameOrigin } from '../../interaction/same-origin.ts'
import { startSession } from '../../oauth/browser-session.ts'
import { connectSignInPage, toProviderPage } from '../../views/connect.ts'
import { sendPage } from '../../views/page.ts'
import { beginAuthorization } from '../begin.ts'
import { bindBrowser } from '../pending-browser.ts'
import type { ConnectParts } from '../router.ts'
import { signIn } from '../sign-in.ts'
import { useExisting } from '../existing.ts'
import { consentPath, ticketPagePath } from '../tickets.ts'
import {
  actorOf,
  admit,
  findTicket,
  readTicketForm,
  requireOpen,
  ticketToken,
  visitorOf,
} from './access.ts'
import { allowSchema } from './allow.ts'
import { completeTicket, identify } from './complete.ts'
import { reserveForTicket, reserveOAuthForTicket } from './reserve.ts'
import { showTicket } from './show.ts'

const choiceSchema = z.strictObject({
  provider: providerNameSchema,
  base_url: z.string().max(2048),
  allow: allowSchema.default('none'),
})

const uploadSchema = z.strictObject({
  kid: z.string().min(1).max(64),
  sealed: z
    .string()
    .max(Math.ceil(((maxEnvelopeBytes + 1024) * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/),
  upload_nonce: z.string().min(16).max(128),
})

/** What the script of the page asks for; each an object of JSON both ways. */
type Step = (koa: KoaContext, ticket: ConnectTicket, body: unknown) => Promise<unknown>

/** The hosted page of each connect ticket, and the requests that it makes. */
export function createTicketPages(
  router: Router<RequestState>,
  parts: ConnectParts,
  catalog: Catalog,
): void {
  const path = `${ticketPagePath}/:ticket`
  router.get(path, (koa) => show(parts, catalog, koa, koa.params['ticket']))
  router.post(path, (koa) => submitSignIn(parts, koa, koa.params['ticket']))
  router.post(`${path}/oauth`, (koa) => toProvider(parts, koa, koa.params['ticket']))
  router.post(`${path}/existing`, (koa) => chooseExisting(parts, koa, koa.params['ticket']))
  const steps: Readonly<Record<string, Step>> = {
    reserve: (koa, ticket, body) => reserve(parts, catalog, koa, ticket, body),
    credential: (koa, ticket, body) => store(parts, catalog, koa, ticket, body),
    keep: (koa, ticket) => keep(parts, koa, ticket),
  }
  for (const [name, step] of Object.entries(steps)) {
    router.post(`${path}/${name}`, (koa) => runStep(parts, koa, koa.params['ticket'], step))
  }
}

async function show(
  parts: ConnectParts,
  catalog: Catalog,
  koa: KoaContext,
  id: unknown,
): Promise<void> {
  const ticket = await findTicket(parts.ctx, id)
  const visitor = await visitorOf(parts, koa, ticket)
  if (visitor === 'owner') return showTicket(parts, catalog, koa, ticket)
  const isOther = visitor === 'other'
  return sendPage(
    koa,
    isOther ? 403 : 401,
    signInPage(
      parts,
      koa,
      ticket,
      isOther ? 'You are signed in as somebody else. This link is for another account.' : undefined,
    ),
  )
}

const signInPage = (
  parts: ConnectParts,
  koa: KoaContext,
  { id }: ConnectTicket,
  error: string | undefined,
) =>
  connectSignInPage({
    // To where it stands: so what the link has behind `#` survives, which servers do not see.
    action: undefined,
    ticket: id,
    csrf: ticketToken(parts, koa, id),
    error,
  })

async function submitSignIn(parts: ConnectParts, koa: KoaContext, id: unknown): Promise<void> {
  const ticket = await findTicket(parts.ctx, id)
  const form = await readTicketForm(parts, koa, ticket.id)
  const result = await signIn(parts, koa.state, ticket, form)
  if ('error' in result) {
    if (result.waitSeconds !== undefined) koa.set('Retry-After', String(result.waitSeconds))
    return sendPage(koa, result.status, signInPage(parts, koa, ticket, result.error))
  }
  await startSession(parts.provider(), koa, result.id)
  await admit(parts, koa, ticket)
  seeOther(koa, `${ticketPagePath}/${ticket.id}`)
  return undefined
}

async function toProvider(parts: ConnectParts, koa: KoaContext, id: unknown): Promise<void> {
  const { ctx } = parts
  const ticket = await requireOpen(parts, koa, id)
  const form = await readTicketForm(parts, koa, ticket.id)
  const { requestId } = koa.state
  const allow = allowSchema.safeParse(form.get('allow')).data ?? 'none'
  const app = form.get('app') ?? ''
  try {
    const handle = await reserveOAuthForTicket(ctx, ticket, { app, allow }, requestId)
    const actor = actorOf(ticket, requestId)
    const link = await beginAuthorization(ctx, actor, handle, undefined, ticket.id)
    await bindBrowser(parts, koa, link.ticket)
    // Under `form-action 'self'` a form post may not be redirected to another origin.
    return await sendPage(koa, 200, toProviderPage(link.providerUrl))
  } catch (error) {
    throw asProblem(error)
  }
}

async function chooseExisting(parts: ConnectParts, koa: KoaContext, id: unknown): Promise<void> {
  const ticket = await requireOpen(parts, koa, id)
  const form = await readTicketForm(parts, koa, ticket.id)
  const handle = form.get('connection') ?? ''
  try {
    await useExisting(parts.ctx, actorOf(ticket, koa.state.requestId), ticket, handle)
  } catch (error) {
    throw asProblem(error)
  }
  seeOther(koa, consentPath(ticket) ?? `${ticketPagePath}/${ticket.id}`)
}

/** Steps are for the page's script alone: JSON that no form of another site can send. */
async function runStep(
  parts: ConnectParts,
  koa: KoaContext,
  id: unknown,
  step: Step,
): Promise<void> {
  requireSameOrigin(koa.req, parts.ctx.config.issuer)
  if (koa.get('Sec-Fetch-Site') === '' && koa.get('Origin') === '') {
    throw new HttpProblem(403, 'this request was not made by the page; nothing was done')
  }
  try {
    const body = await readJson(koa.req)
    const answer = await step(koa, await requireOpen(parts, koa, id), body)
    koa.set('Cache-Control', 'no-store')
    koa.body = answer
  } catch (error) {
    throw asProblem(error)
  }
}

async function reserve(
  { ctx }: ConnectParts,
  catalog: Catalog,
  koa: KoaContext,
  ticket: ConnectTicket,
  body: unknown,
): Promise<unknown> {
  const {
    provider,
    base_url: baseUrl,
    allow,
  } = checked(choiceSchema, body, '/') as z.infer<typeof choiceSchema>
  const choice = { provider, baseUrl, allow }
  const opened = await reserveForTicket(ctx, catalog, ticket, choice, koa.state.requestId)
  const { handle, owner, summary } = opened.connection
  return { handle, owner, nonce: opened.upload.nonce, pins: summary?.['pins'] ?? {} }
}

async function store(
  { ctx }: ConnectParts,
  catalog: Catalog,
  koa: KoaContext,
  ticket: ConnectTicket,
  body: unknown,
): Promise<unknown> {
  const {
    kid,
    sealed,
    upload_nonce: nonce,
  } = checked(uploadSchema, body, '/') as z.infer<typeof uploadSchema>
  const { requestId } = koa.state
  const { handle = '' } = ticket
  const actor = actorOf(ticket, requestId)
  const former = ticket.isRenewal ? await ctx.storage.connections.find(handle) : undefined
  const { recordVersion } = await uploadCredential(ctx, actor, handle, {
    form: 'sealed-box',
    kid,
    nonce,
    sealed: fromBase64url(sealed),
  })
  const { result, account } = await identify(ctx, catalog, actor, handle)
  // Another key may be tried on the same page.
  if (result === 'refused') {
    const isRestored = former && (await restoreCredential(ctx, actor, former, recordVersion))
    return { result: isRestored === true ? 'restored' : result, account: null, handle }
  }
  await completeTicket(ctx, ticket, handle, requestId)
  return { result, account: account ?? null, handle }
}

async function keep(
  { ctx }: ConnectParts,
  koa: KoaContext,
  ticket: ConnectTicket,
): Promise<unknown> {
  const { handle = '' } = ticket
  await completeTicket(ctx, ticket, handle, koa.state.requestId)
  return { result: 'kept', account: null, handle }
}

function asProblem(error: unknown): unknown {
  if (error instanceof HttpProblem) return error
  const problem = toProblem(error)
  if (!problem) return error
  const [status] = problemCodes[problem.code]
  return new HttpProblem(status, `${problem.message}.`, { error: problem.code.toLowerCase() })
}
