import type { JsonObject, PinnedDocument } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { OutboundError } from '../outbound/errors.ts'
import { bundledDocuments } from '../registration/documents/bundled.ts'
import { documentHost } from '../registration/documents/document-url.ts'
import { maxDocumentBytes, readDocument } from '../registration/documents/read-document.ts'
import { pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const documentSchema = z.record(z.string(), z.unknown())

const pinView = z.object({
  client_id: z.string(),
  host: z.string(),
  document: documentSchema,
  pinned_by: z.string(),
  pinned_at: z.string(),
})

const bundledView = z.object({
  /** False when the setting switches the bundled documents off. */
  enabled: z.boolean(),
  documents: z.array(
    z.object({
      client_id: z.string(),
      name: z.string(),
      as_of: z.string(),
      source: z.string(),
      document: documentSchema,
    }),
  ),
})

const viewPin = (pin: PinnedDocument): z.infer<typeof pinView> => ({
  client_id: pin.clientId,
  host: pin.host,
  document: JSON.parse(pin.document) as JsonObject,
  pinned_by: pin.pinnedBy,
  pinned_at: timeText(pin.pinnedAtMs),
})

/** Client documents that an administrator puts in place of what their hosts say, or that are built in. */
export function clientPinRoutes({
  storage,
  outbound,
  config,
}: Pick<AppContext, 'storage' | 'outbound' | 'config'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/client-pins',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(pinView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.clientDocuments.listPins({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ clientId }) => clientId, viewPin)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/client-pins',
      scope: 'admin',
      // Either a document, or the address from which this server fetches it now.
      body: z.union([
        z.strictObject({ document: documentSchema }),
        z.strictObject({ client_id: z.string().max(1024) }),
      ]),
      status: 201,
      response: pinView,
      handle: async ({ actor, body }) => {
        const text =
          'document' in body
            ? JSON.stringify(body.document)
            : await fetchText(outbound, body.client_id)
        const clientId = 'document' in body ? body.document['client_id'] : body.client_id
        const host = typeof clientId === 'string' ? documentHost(clientId) : undefined
        if (typeof clientId !== 'string' || host === undefined) {
          throw new ApiProblem('INVALID_REQUEST', 'client_id: must be an https URL')
        }
        readDocument(clientId, Buffer.from(text), config.issuer)
        const pin = { clientId, host, document: text, pinnedBy: actor.sub }
        const pinned = await storage.clientDocuments.pin(pin)
        await recordChange(storage, actor, 'client.pinned', clientId)
        return viewPin(pinned)
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/client-pins',
      scope: 'admin',
      query: z.strictObject({ client_id: z.string().max(1024) }),
      response: z.object({ client_id: z.string() }),
      handle: async ({ actor, query: { client_id: clientId } }) => {
        if (!(await storage.clientDocuments.unpin(clientId))) {
          throw new ApiProblem('NOT_FOUND', 'no document is pinned for this client', {
            fix: '`holdfast clients list --documents` shows which are.',
          })
        }
        await recordChange(storage, actor, 'client.unpinned', clientId)
        return { client_id: clientId }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/client-pins/bundled',
      scope: 'admin',
      response: bundledView,
      handle: () =>
        Promise.resolve({
          enabled: config.registration.bundled && config.registration.documents !== 'off',
          documents: bundledDocuments.map(({ name, asOf, source, document }) => ({
            client_id: document['client_id'] as string,
            name,
            as_of: asOf,
            source,
            document: { ...document },
          })),
        }),
    }),
  ]
}

async function fetchText(outbound: AppContext['outbound'], url: string): Promise<string> {
  try {
    const { status, body } = await outbound.get(url, {
      accept: 'application/json',
      maxBytes: maxDocumentBytes,
      timeoutMs: 5000,
      use: 'administration',
    })
    if (status === 200) return Buffer.from(body).toString('utf8')
    throw new ApiProblem('INVALID_REQUEST', `the document's host answers with status ${status}`)
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw new ApiProblem('INVALID_REQUEST', `the document was not fetched: ${error.message}`)
  }
}
