import type { CachedDocument, JsonObject, Storage } from '@holdfast/storage'
import type { Logger } from 'pino'
import type { Config } from '../../config.ts'
import { OutboundError } from '../../outbound/errors.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import { RegistrationError } from '../errors.ts'
import { findBundled } from './bundled.ts'
import { documentHost } from './document-url.ts'
import { DocumentError } from './errors.ts'
import { createDocumentFetch, DocumentGone } from './fetch-document.ts'
import { failureMs, staleIfErrorMs, staleRetryMs } from './freshness.ts'
import { readDocument } from './read-document.ts'
import { createTrust } from './trust.ts'

/** Where a client's document came from this time. */
export type DocumentOrigin = 'pinned' | 'fetched' | 'stale' | 'bundled'

export interface ClientDocument {
  readonly clientId: string
  readonly origin: DocumentOrigin
  /** As the library takes it. */
  readonly metadata: JsonObject
}

/** Clients whose id is the URL of a document about them. */
export interface ClientDocuments {
  /**
   * The document of a client: pinned, else fetched in the last hours, else fetched now, else an older
   * one whose host does not answer, else the bundled one.
   *
   * @param from - address of the caller, which may make this server fetch so and so often
   * @throws DocumentError
   */
  resolve(clientId: string, from?: string): Promise<ClientDocument>
  /** Whether a client that was resolved a moment ago may still be used. */
  isAllowed(clientId: string): Promise<boolean>
}

export interface ClientDocumentsOptions {
  readonly storage: Pick<Storage, 'clientDocuments' | 'clientHosts' | 'audit'>
  readonly outbound: Outbound
  /** Origin of this server. */
  readonly issuer: string
  readonly settings: Config['registration']
  readonly logger: Logger
  /** Unix milliseconds. */
  readonly clock: () => number
}

export function createClientDocuments(options: ClientDocumentsOptions): ClientDocuments {
  const { storage, outbound, issuer, settings, logger, clock } = options
  const fetchDocument = createDocumentFetch({ storage, outbound, issuer, clock })
  const requireTrust = createTrust({
    hosts: storage.clientHosts,
    settings,
    onWaiting: async (host, clientId) => {
      await storage.audit.append({
        type: 'client_host.waiting',
        outcome: 'denied',
        client: clientId,
        subject: host,
      })
    },
  })

  const read = (clientId: string, text: string, origin: DocumentOrigin): ClientDocument => ({
    clientId,
    origin,
    metadata: readDocument(clientId, Buffer.from(text), issuer).metadata,
  })

  const requireHost = (clientId: string): string => {
    const host = settings.documents === 'off' ? undefined : documentHost(clientId)
    if (host !== undefined) return host
    throw new DocumentError(
      'OFF',
      'This server does not take apps that are described by a document on the web.',
      'holdfast clients register, or HOLDFAST_CLIENT_DOCUMENTS=on',
    )
  }

  async function remember(
    clientId: string,
    host: string,
    failure: string,
    stale: boolean,
    error: unknown,
  ): Promise<void> {
    // What our own limits refused says nothing about the document.
    if (error instanceof OutboundError && error.code === 'RATE_LIMITED') return
    logger.warn({ err: error, client_id: clientId, stale }, 'a client document was not fetched')
    await storage.clientDocuments.fail({
      clientId,
      host,
      failure,
      freshUntilMs: clock() + (stale ? staleRetryMs : failureMs),
      drop: error instanceof DocumentGone,
    })
  }

  function fallback(clientId: string, failure: string, error?: unknown): ClientDocument {
    const bundled = settings.bundled ? findBundled(clientId) : undefined
    if (bundled) return read(clientId, JSON.stringify(bundled.document), 'bundled')
    const isInvalid = error instanceof RegistrationError || failure.startsWith(invalidPrefix)
    throw new DocumentError(
      isInvalid ? 'INVALID' : 'UNAVAILABLE',
      `The document that describes this app cannot be used: ${failure.replace(invalidPrefix, '')}.`,
      isInvalid
        ? `correct ${clientId}, or pin a document: holdfast clients pin FILE`
        : `holdfast clients pin FILE (a saved copy of ${clientId})`,
      { cause: error },
    )
  }

  async function resolve(clientId: string, from?: string): Promise<ClientDocument> {
    const host = requireHost(clientId)
    const pin = await storage.clientDocuments.findPin(clientId)
    await requireTrust({ host, clientId, isPinned: pin !== undefined, from })
    if (pin) return read(clientId, pin.document, 'pinned')
    const cached = await storage.clientDocuments.find(clientId)
    const isFresh = cached !== undefined && cached.freshUntilMs > clock()
    const stale = usableText(cached, clock(), outbound.enabled)
    if (isFresh && cached.failure === undefined && cached.document !== undefined) {
      return read(clientId, cached.document, 'fetched')
    }
    if (isFresh || !outbound.enabled) {
      if (stale !== undefined) return read(clientId, stale, 'stale')
      return fallback(clientId, cached?.failure ?? new OutboundError('OUTBOUND_OFF').message)
    }
    try {
      return read(clientId, await fetchDocument(clientId, host, cached, from), 'fetched')
    } catch (error) {
      const failure = failureText(error)
      const keeps = stale !== undefined && !(error instanceof DocumentGone)
      await remember(clientId, host, failure, keeps, error)
      return keeps ? read(clientId, stale, 'stale') : fallback(clientId, failure, error)
    }
  }

  return {
    resolve,
    async isAllowed(clientId) {
      return !(await storage.clientHosts.isDenied(requireHost(clientId)))
    },
  }
}

const invalidPrefix = 'invalid: '

function failureText(error: unknown): string {
  if (error instanceof OutboundError) return error.message
  if (error instanceof RegistrationError) return `${invalidPrefix}${error.message}`
  return error instanceof Error ? error.message : 'it could not be fetched'
}

/** Without a way out there is no newer document to wait for, so an old one serves at any age. */
function usableText(
  cached: CachedDocument | undefined,
  nowMs: number,
  canFetch: boolean,
): string | undefined {
  if (cached?.fetchedAtMs === undefined) return undefined
  return canFetch && cached.fetchedAtMs + staleIfErrorMs <= nowMs ? undefined : cached.document
}
