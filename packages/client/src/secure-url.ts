import { ClientError } from './errors.ts'

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a URL is plain http to this machine, where nobody else listens on the way. */
export function isLoopbackHttp(url: string | URL): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && loopbackHosts.has(hostname)
}

/**
 * The parsed URL, if secrets may travel to it.
 *
 * @throws ClientError `PLAINTEXT_REFUSED` unless it is https, or http on this machine
 */
export function requireSecureUrl(url: string | URL, what: string): URL {
  if (!URL.canParse(url)) throw new ClientError('INVALID_REQUEST', `${what} is not an absolute URL`)
  const parsed = new URL(url)
  if (parsed.protocol === 'https:' || isLoopbackHttp(parsed)) return parsed
  throw new ClientError(
    'PLAINTEXT_REFUSED',
    `${what} (${parsed.origin}) is not https: tokens and credentials would travel in plain text`,
    { fix: 'use the https URL; plain http is for this machine only' },
  )
}
