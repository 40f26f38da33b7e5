/** Headers that belong to the connection, not to the message, and those that frame the message. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** How a lenient server may read a header's name: CGI makes `X_Key` and `X-Key` the same variable. */
export const headerForm = (name: string): string => name.toLowerCase().replaceAll('_', '-')

/** Tells whether HTTP itself needs a header, so that neither caller nor credential may set it. */
export function isUpstreamOwnHeader(name: string): boolean {
  const form = headerForm(name)
  return connectionHeaders.has(form) || form.startsWith('proxy-')
}

/** Those by which the body is read: by the upstream, and by the scrub. */
const bodyHeaders = new Set(['accept-encoding', 'content-encoding', 'content-type'])

/** Tells whether a credential may fill a header. */
export const isCredentialHeader = (name: string): boolean =>
  !isUpstreamOwnHeader(name) && !bodyHeaders.has(headerForm(name))
