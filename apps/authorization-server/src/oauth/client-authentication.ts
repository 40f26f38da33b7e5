import type { Client, Storage } from '@holdfast/storage'
import type { IncomingMessage } from 'node:http'
import { HttpProblem } from '../http/problem.ts'

/** A client and whether it proved who it is. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly method: 'secret' | 'none'
}

const failed = (basic: boolean): HttpProblem =>
  new HttpProblem(401, 'client authentication failed', {
    error: 'invalid_client',
    ...(basic && { headers: { 'WWW-Authenticate': 'Basic realm="holdfast"' } }),
  })

/**
 * Authenticates a client at the endpoints that we serve beside the library.
 *
 * @param form - the request's parameters; absent for GET
 * @throws HttpProblem 401 `invalid_client`
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1}
 */
export async function authenticateClient(
  clients: Pick<Storage['clients'], 'find' | 'checkSecret'>,
  request: IncomingMessage,
  form?: URLSearchParams,
): Promise<AuthenticatedClient> {
  const basic = readBasic(request.headers.authorization)
  const id = basic?.id ?? form?.get('client_id') ?? undefined
  const secret = basic?.secret ?? form?.get('client_secret') ?? undefined
  const client = id === undefined ? undefined : await clients.find(id)
  if (!client || client.revokedAtMs !== undefined) throw failed(basic !== undefined)
  if (client.hasSecret) {
    if (secret === undefined || !(await clients.checkSecret(client.clientId, secret))) {
      throw failed(basic !== undefined || secret === undefined)
    }
    return { client, method: 'secret' }
  }
  if (secret !== undefined) throw failed(basic !== undefined)
  return { client, method: 'none' }
}

/** Id and secret of a Basic header; both are form-encoded by RFC 6749, and ours need no encoding. */
function readBasic(header: string | undefined): { id: string; secret: string } | undefined {
  if (header === undefined) return undefined
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(header) ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) throw failed(true)
  try {
    const decode = (part: string): string => decodeURIComponent(part.replaceAll('+', '%20'))
    return { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) }
  } catch {
    throw failed(true)
  }
}
