import type { IncomingMessage } from 'node:http'

/**
 * Tells whether a request was sent to the issuer's own host. Every URL in metadata and every `htu`
 * follows from the issuer; a foreign `Host` is either an attack or a mistake worth a clear answer.
 */
export function createHostCheck(issuer: string): (request: IncomingMessage) => boolean {
  const url = new URL(issuer)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const accepted = new Set([url.host, `${url.hostname}:${port}`])
  return ({ headers, rawHeaders, url: target }) =>
    target?.startsWith('/') === true &&
    headers.host !== undefined &&
    accepted.has(headers.host.toLowerCase()) &&
    countHosts(rawHeaders) === 1
}

/** Node keeps the first of several `Host` lines; a proxy before us may have looked at the last. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}
