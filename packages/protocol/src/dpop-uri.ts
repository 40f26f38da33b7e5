const unreserved = /^[A-Za-z0-9\-._~]$/

// RFC 3986 section 6.2.2: `%7e` and `~` name the same thing; the URL parser leaves both as they are.
const normalizePercent = (pathname: string): string =>
  pathname.includes('%')
    ? pathname.replace(/%[0-9a-f]{2}/gi, (escape) => {
        const character = String.fromCodePoint(Number.parseInt(escape.slice(1), 16))
        return unreserved.test(character) ? character : escape.toUpperCase()
      })
    : pathname

/**
 * An HTTP URI in the form in which `htu` values are compared: without query and fragment, scheme and
 * host in lower case, no default port, dot segments resolved. Undefined when it is not an absolute
 * `http` or `https` URI in plain ASCII without user information.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.3}
 */
export function normalizeHtu(uri: string): string | undefined {
  // The URL parser repairs blanks, control characters and backslashes; a signed value needs no repair.
  if (uri.length > 4096 || !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(uri)) return undefined
  if (!URL.canParse(uri)) return undefined
  const { protocol, host, pathname, username, password } = new URL(uri)
  if (username !== '' || password !== '') return undefined
  return `${protocol}//${host}${normalizePercent(pathname)}`
}
