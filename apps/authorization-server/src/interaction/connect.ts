import { askForConnection, type Missing } from '../connect/ask.ts'
import { ticketPagePath } from '../connect/tickets.ts'
import { choicesFor, type ConsentRequest, loadConsentRequest } from './consent-request.ts'
import { showConsent } from './consent.ts'
import type { Interaction, InteractionParts, KoaContext } from './parts.ts'

type Need = Pick<Missing, 'name' | 'provider'>

/** Leads to the page on which the user connects what a consent lacks, and from there back to it. */
export async function startConnecting(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  form: URLSearchParams,
): Promise<void> {
  const request = await loadConsentRequest(parts, interaction)
  const need = needOf(request, form.get('connection') ?? '')
  if (!need) return showConsent(parts, koa, interaction, 'This connection is not missing.')
  const { user, client, resource } = request
  const { clientId } = client
  const ticket = await askForConnection(parts.ctx, {
    ...need,
    actor: { sub: user.id, clientId, requestId: koa.state.requestId },
    agentId: clientId,
    resource: resource.builtIn === undefined ? resource.resource : undefined,
    interaction: interaction.uid,
  })
  if (!ticket) {
    const problem = 'Too many connect links of yours are open. Try again in ten minutes.'
    return showConsent(parts, koa, interaction, problem)
  }
  koa.redirect(`${ticketPagePath}/${ticket.id}`)
  koa.status = 303
  return undefined
}

/** What the page offers to connect under this name; undefined for anything else. */
function needOf(request: ConsentRequest, name: string): Need | undefined {
  const { resource, usable, wanted } = request
  if (wanted) {
    const want = wanted.find(({ key }) => key === name)
    const isMissing =
      want?.identifier === undefined && want && choicesFor(request, want).length === 0
    return isMissing ? { name: want.name, provider: want.provider } : undefined
  }
  if (resource.builtIn === 'dispatch') {
    return usable.length === 0 ? { name: undefined, provider: undefined } : undefined
  }
  const listed = resource.connections.find((one) => one.name === name)
  const isMissing = listed && !usable.some(({ provider }) => provider === listed.provider)
  return isMissing ? { name: listed.name, provider: listed.provider } : undefined
}
