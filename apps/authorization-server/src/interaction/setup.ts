import type { AppContext } from '../context.ts'
import { html } from 'hono/html'
import { cloneNote } from '../views/clone-note.ts'
import type { NewAccountPage } from './new-account.ts'

/** The first administrator's page. */
export const setupPage: NewAccountPage = {
  purpose: 'setup',
  action: '/setup',
  title: 'Set up Holdfast',
  text: 'Make the first administrator account.',
  howToGetKey: 'As long as there is no administrator, every start of the server prints a new link.',
  done: (issuer) =>
    html`<p>
        You can close this page. Next, sign in on the command line:
        <code>holdfast login --issuer ${issuer}</code>
      </p>
      ${cloneNote()}`,
}

/**
 * A fresh one-time link while there is no administrator; older links stop working. It is the only
 * way to the first account: no visitor becomes owner by being first.
 */
export async function createSetupLink(
  ctx: Pick<AppContext, 'storage' | 'config' | 'clock'>,
): Promise<string | undefined> {
  await ctx.storage.invitations.cancelAll('setup')
  if (await ctx.storage.users.hasAdministrator()) return undefined
  const { key } = await ctx.storage.invitations.create({
    purpose: 'setup',
    role: 'admin',
    expiresAtMs: ctx.clock() + ctx.config.setup.linkTtlSeconds * 1000,
  })
  return `${ctx.config.issuer}/setup?key=${key}`
}
