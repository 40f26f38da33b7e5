import { ProtocolError } from './errors.ts'

/** An upstream origin in canonical form: lower-case host, explicit port, `https` only. */
export interface UpstreamOrigin {
  /** Host as it is matched, dialled and sent as SNI: lower-case, no trailing dot, no brackets. */
  readonly host: string
  /** TCP port, 1 to 65535. */
  readonly port: number
  /** `host` when the port is 443, else `host:port`: the form of allowed hosts. */
  readonly authority: string
  /** Path prefix of the base URL without a trailing slash; empty for the root. */
  readonly basePath: string
}

/**
 * The canonical origin of a credential's base URL.
 *
 * @throws ProtocolError `INVALID_HOST` for anything but an absolute https URL without user
 *   information, query or fragment
 */
export function parseBaseUrl(baseUrl: string): UpstreamOrigin {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (
    url === undefined ||
    url.protocol !== 'https:' ||
    url.username !== '' ||
    url.password !== '' ||
    url.port === '0' ||
    // The URL parser repairs what a reader would take for something else.
    !/^https:\/\/[^/]/i.test(baseUrl) ||
    /[?#\\\s\p{Cc}]/u.test(baseUrl)
  ) {
    throw new ProtocolError(
      'INVALID_HOST',
      'the base URL must be https://host[:port][/path] without user information, query or fragment',
    )
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === '') throw new ProtocolError('INVALID_HOST', 'the base URL names no host')
  const port = url.port === '' ? 443 : Number(url.port)
  const bracketed = host.includes(':') ? `[${host}]` : host
  return {
    host,
    port,
    authority: port === 443 ? bracketed : `${bracketed}:${port}`,
    basePath: url.pathname.replace(/\/+$/, ''),
  }
}

/**
 * The canonical form of an allowed host such as `API.GitHub.com.` or `localhost:8443`.
 *
 * @throws ProtocolError `INVALID_HOST`
 */
export function canonicalAuthority(allowedHost: string): string {
  if (/[/?#@\\\s]/.test(allowedHost)) {
    throw new ProtocolError('INVALID_HOST', 'an allowed host is host or host:port, nothing else')
  }
  return parseBaseUrl(`https://${allowedHost}`).authority
}
