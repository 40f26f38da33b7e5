import type { Client, Storage } from '@holdfast/storage'
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AppContext } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import { createProxies } from '../http/proxies.ts'
import { clientsWithDocuments } from '../registration/documents/find-client.ts'
import { assertedClient, assertionType, createAssertionCheck } from './client-assertion.ts'
import { certificateMatches, createClientCertificates } from './client-certificate.ts'

/** A client and how it proved who it is. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly method: 'secret' | 'key' | 'certificate' | 'none'
}

type Clients = Pick<Storage['clients'], 'find' | 'checkSecret'>

const secretMethods: ReadonlySet<string> = new Set(['client_secret_basic', 'client_secret_post'])

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
  clients: Clients,
  request: IncomingMessage,
  form?: URLSearchParams,
): Promise<AuthenticatedClient> {
  const basic = readBasic(request.headers.authorization)
  const id = basic?.id ?? form?.get('client_id') ?? undefined
  const secret = basic?.secret ?? form?.get('client_secret') ?? undefined
  const client = id === undefined ? undefined : await clients.find(id)
  if (!client || client.revokedAtMs !== undefined) throw failed(basic !== undefined)
  const method = authMethodOf(client)
  // A client of a stronger method has no way round it.
  if (method !== 'none' && !secretMethods.has(method)) throw failed(basic !== undefined)
  if (client.hasSecret) {
    if (secret === undefined || !(await clients.checkSecret(client.clientId, secret))) {
      throw failed(basic !== undefined || secret === undefined)
    }
    return { client, method: 'secret' }
  }
  if (secret !== undefined) throw failed(basic !== undefined)
  return { client, method: 'none' }
}

/** Authenticates the client of a request, by whichever method it is registered for. */
export type AuthenticateClient = (
  request: IncomingMessage,
  form?: URLSearchParams,
) => Promise<AuthenticatedClient>

/**
 * Makes the check for the endpoints that we serve beside the library: secrets, assertions signed by
 * the client's key, certificates that a trusted proxy hands on. It throws HttpProblem 401
 * `invalid_client`, and 400 for a parameter, method or client too many.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-2}
 */
export function createClientAuthentication(
  ctx: Pick<AppContext, 'config' | 'storage' | 'outbound' | 'documents' | 'clock'>,
): AuthenticateClient {
  const proxies = createProxies(ctx.config)
  const checkAssertion = createAssertionCheck(ctx)
  const certificates = createClientCertificates(ctx.config)

  const known = async (
    clients: Clients,
    id: string | undefined,
    method: readonly string[],
  ): Promise<Client> => {
    const client = id === undefined ? undefined : await clients.find(id)
    const wanted = authMethodOf(client)
    if (!client || client.revokedAtMs !== undefined || !method.includes(wanted)) throw failed(false)
    return client
  }

  return async (request, form) => {
    const from = proxies.clientAddress(request)
    const clients = clientsWithDocuments(ctx, from)
    if (form) requireClarity(request, form)
    const assertion = form?.get('client_assertion') || undefined
    if (assertion !== undefined) {
      if (form?.get('client_assertion_type') !== assertionType) throw failed(false)
      const client = await known(clients, assertedClient(assertion), ['private_key_jwt'])
      const named = form.get('client_id')
      if (named !== null && named !== client.clientId) throw failed(false)
      if (!(await checkAssertion(client, assertion, from))) throw failed(false)
      return { client, method: 'key' }
    }
    const certificate = certificates.of(request)
    const id = form?.get('client_id') ?? undefined
    const isTls = (client: Client | undefined): boolean =>
      authMethodOf(client).endsWith('tls_client_auth')
    if (id !== undefined && isTls(await clients.find(id))) {
      const client = await known(clients, id, ['self_signed_tls_client_auth', 'tls_client_auth'])
      if (!provesCertificate(client, certificate, certificates.isVerified(request))) {
        throw failed(false)
      }
      return { client, method: 'certificate' }
    }
    return authenticateClient(clients, request, form)
  }
}

/**
 * Refuses a request of which two readers could understand different things, as the library does.
 *
 * @throws HttpProblem 400
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-3.2}
 */
function requireClarity({ headers }: IncomingMessage, form: URLSearchParams): void {
  if (new Set(form.keys()).size < form.size) {
    throw new HttpProblem(400, 'a parameter is there more than once')
  }
  const { authorization } = headers
  const proofs = [authorization, form.get('client_secret'), form.get('client_assertion')]
  if (proofs.filter(Boolean).length > 1) {
    throw new HttpProblem(400, 'use one way of client authentication only')
  }
  const basic = readBasic(authorization)
  const named = form.get('client_id')
  if (basic && named && named !== basic.id) {
    throw new HttpProblem(400, 'the request names two clients')
  }
}

function provesCertificate(
  { metadata }: Client,
  certificate: X509Certificate | undefined,
  isVerified: boolean,
): boolean {
  if (!certificate) return false
  if (metadata['token_endpoint_auth_method'] === 'tls_client_auth') {
    const properties = ['tls_client_auth_subject_dn', 'tls_client_auth_san_dns'] as const
    return (
      isVerified &&
      properties.some((property) => {
        const expected = metadata[property]
        return typeof expected === 'string' && certificateMatches(certificate, property, expected)
      })
    )
  }
  const { jwks } = metadata as { readonly jwks?: { readonly keys?: readonly { x5c?: unknown }[] } }
  const own = certificate.raw.toString('base64')
  return jwks?.keys?.some(({ x5c }) => Array.isArray(x5c) && x5c[0] === own) ?? false
}

/** Id and secret of a Basic header, of which RFC 6749 section 2.3.1 wants each form-encoded first. */
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

/** The client that a Basic header names, unverified; undefined for any other request. */
export function basicClientId(request: IncomingMessage): string | undefined {
  try {
    return readBasic(request.headers.authorization)?.id
  } catch {
    return undefined
  }
}

/** How a client authenticates; `none` for a public one and for one that is not there. */
const authMethodOf = (client: Client | undefined): string => {
  const method = client?.metadata['token_endpoint_auth_method']
  return typeof method === 'string' ? method : 'none'
}
