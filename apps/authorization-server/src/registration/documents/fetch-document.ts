import type { CachedDocument, Storage } from '@holdfast/storage'
import type { Outbound } from '../../outbound/outbound.ts'
import { RegistrationError } from '../errors.ts'
import { freshForMs } from './freshness.ts'
import { maxDocumentBytes, readDocument } from './read-document.ts'

const fetchTimeoutMs = 5000

/** The document is not there any more: its host has taken the client back. */
export class DocumentGone extends Error {}

export interface DocumentFetchOptions {
  readonly storage: Pick<Storage, 'clientDocuments'>
  readonly outbound: Outbound
  /** Origin of this server. */
  readonly issuer: string
  /** Unix milliseconds. */
  readonly clock: () => number
}

/**
 * Fetches the document of a client and stores it; resolves to the text that is stored then.
 *
 * @param from - address of the caller
 * @throws DocumentGone, OutboundError, RegistrationError, or Error for another status
 */
export type FetchDocument = (
  clientId: string,
  host: string,
  cached: CachedDocument | undefined,
  from: string | undefined,
) => Promise<string>

/** Makes the way to the documents: each at most once at a time. */
export function createDocumentFetch({
  storage,
  outbound,
  issuer,
  clock,
}: DocumentFetchOptions): FetchDocument {
  const underWay = new Map<string, Promise<string>>()

  async function fetchNow(
    clientId: string,
    host: string,
    cached: CachedDocument | undefined,
    from: string | undefined,
  ): Promise<string> {
    const { status, headers, body } = await outbound.get(clientId, {
      accept: 'application/json',
      maxBytes: maxDocumentBytes,
      timeoutMs: fetchTimeoutMs,
      etag: cached?.document === undefined ? undefined : cached.etag,
      ...(cached?.document === undefined
        ? { use: 'new-document', from }
        : { use: 'known-document' }),
    })
    const isUnchanged = status === 304 && cached?.document !== undefined
    if (status === 404 || status === 410) throw new DocumentGone(`it answers with status ${status}`)
    if (status !== 200 && !isUnchanged) throw new Error(`it answers with status ${status}`)
    if (!isUnchanged) requireJson(headers['content-type'])
    const text = isUnchanged ? cached.document : readDocument(clientId, body, issuer).text
    const freshUntilMs = clock() + freshForMs(headers['cache-control'])
    const etag = headers['etag']?.slice(0, 256)
    await storage.clientDocuments.put({ clientId, host, document: text, etag, freshUntilMs })
    return text
  }

  return (clientId, host, cached, from) => {
    const running = underWay.get(clientId)
    if (running) return running
    const fetching = fetchNow(clientId, host, cached, from).finally(() => underWay.delete(clientId))
    underWay.set(clientId, fetching)
    return fetching
  }
}

/**
 * What users may upload to a host speaks for them, not for the host: that is seldom served as JSON.
 * @see draft-ietf-oauth-client-id-metadata-document section 4
 */
function requireJson(contentType: string | undefined): void {
  if (/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType ?? '')) return
  throw new RegistrationError('invalid_client_metadata', 'it is not served as application/json')
}
