import { seeOther } from '../http/see-other.ts'
import { askForConnection, type Missing } from '../connect/ask.ts'
import { ticketPagePath } from '../connect/tickets.ts'
import type { ConsentView } from '../views/consent.ts'
import { isConnectable } from '../views/consent-connections.ts'
import { loadConsentRequest, toConsentView } from './consent-request.ts'
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
  const view = toConsentView(parts, interaction, request)
  const need = needOf(view, form.get('connection') ?? '')
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
  seeOther(koa, `${ticketPagePath}/${ticket.id}`)
  return undefined
}

/** What the page offers to connect under this name; undefined for anything else. */
function needOf(
  { connections, anyOf }: Pick<ConsentView, 'connections' | 'anyOf'>,
  name: string,
): Need | undefined {
  if (anyOf !== undefined) {
    return anyOf.length === 0 ? { name: undefined, provider: undefined } : undefined
  }
  const asked = connections.find((one) => one.name === name)
  return asked && isConnectable(asked) ? { name, provider: asked.provider } : undefined
}
