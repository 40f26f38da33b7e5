/** Schemes that a browser handles itself, or that run code. */
const forbiddenSchemes = new Set([
  'about:',
  'blob:',
  'chrome:',
  'chrome-extension:',
  'content:',
  'data:',
  'devtools:',
  'edge:',
  'file:',
  'filesystem:',
  'ftp:',
  'intent:',
  'jar:',
  'javascript:',
  'mailto:',
  'moz-extension:',
  'resource:',
  'sms:',
  'tel:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
])

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * What is wrong with a redirect URI; undefined when nothing is. Allowed are https, http on loopback,
 * and private-use schemes of native apps.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7}
 */
export function redirectUriProblem(uri: string): string | undefined {
  // The URL parser drops tabs and line breaks and turns backslashes around: refuse what it would hide.
  if (uri.length > 2048 || !/^[\x21-\x7e]+$/.test(uri) || /[\\"<>^`{|}]/.test(uri)) {
    return 'must be at most 2048 printable ASCII characters without spaces, quotes or backslashes'
  }
  const url = URL.parse(uri)
  if (!url) return 'must be an absolute URI'
  if (uri.includes('#')) return 'must not have a fragment'
  if (url.username || url.password) return 'must not hold a user name or password'
  if (/^https?:$/.test(url.protocol) && spelledHost(uri) !== url.hostname) {
    return 'must spell its host as a browser shows it'
  }
  const isLoopback = loopbackHosts.has(url.hostname)
  if (url.protocol === 'https:') {
    return isLoopback ? 'must use http for a loopback host' : undefined
  }
  if (url.protocol === 'http:') {
    return isLoopback ? undefined : 'must use https, or http with localhost, 127.0.0.1 or [::1]'
  }
  if (forbiddenSchemes.has(url.protocol)) return 'must not use this scheme'
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(uri) || /^[a-z][a-z0-9+-]*\.[a-z0-9+.-]+:\//i.test(uri)
    ? undefined
    : 'must look like scheme://path or com.example.app:/path'
}

/** The host as it is written; undefined where a browser would have to guess where it begins. */
const spelledHost = (uri: string): string | undefined =>
  /^https?:\/\/([^/?]+?)(?::\d+)?(?:[/?]|$)/i.exec(uri)?.[1]?.toLowerCase()

/**
 * Schemes without a dot under which real clients register themselves. Nobody owns such a name: whoever
 * is not on this list uses the reverse of a domain.
 */
const knownSchemes = new Set([
  // https://github.com/soflyy/agent-connector-for-wp/issues/111
  'cursor:',
  // Extensions of VS Code and of its preview: https://github.com/cline/cline/issues/8103
  'vscode:',
  'vscode-insiders:',
  // https://github.com/RevenueCat/ai-toolkit/issues/58
  'claude:',
  // https://github.com/warpdotdev/warp/issues/9088
  'warp:',
])

/**
 * The same for a client that registers itself: its private-use scheme is the reverse of a domain, or one
 * that is known, and it does not lead back into this server.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.1}
 */
export function selfServiceRedirectProblem(uri: string, issuer: string): string | undefined {
  const problem = redirectUriProblem(uri)
  if (problem !== undefined) return problem
  const { protocol, origin } = new URL(uri)
  if (origin === issuer) return 'must not be an address of this server'
  const isAllowed =
    protocol === 'https:' ||
    protocol === 'http:' ||
    knownSchemes.has(protocol) ||
    reverseDomain.test(protocol)
  return isAllowed
    ? undefined
    : 'must use a scheme that is a domain in reverse order, such as com.example.app:/callback'
}

/** At least two labels of a host name, the first one as top-level domains are. */
const reverseDomain = /^[a-z][a-z0-9-]*[a-z0-9](?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+:$/
