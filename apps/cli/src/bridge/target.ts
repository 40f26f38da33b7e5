import { usage } from '../errors.ts'

/** Headers that the bridge or the protocol sets: an own value would replace tokens or contradict a message. */
const reserved =
  /^(?:authorization|proxy-authorization|dpop|cookie|host|content-.*|accept|connection|transfer-encoding|last-event-id|mcp-.*)$/i

const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)$/

/**
 * The MCP server's URL.
 *
 * @throws CliError when tokens would travel to it in plain text, or it holds credentials or a fragment
 */
export function parseTarget(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usage('the URL of the MCP server is not an http(s) URL', 'give it as https://host/path')
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('the URL holds a user name or a password', 'leave it out: the bridge signs in')
  }
  if (url.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    throw usage(
      `${url.origin} is not https: tokens would travel in plain text`,
      'use its https URL; plain http is for servers on this machine, also with --allow-http',
    )
  }
  url.hash = ''
  return url
}

/**
 * `Name: value` options as headers.
 *
 * @throws CliError for a header that the bridge sets itself; the value is never repeated
 */
export function parseHeaders(lines: readonly string[] = []): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? []
    if (name === undefined || value === undefined) {
      throw usage('--header is not `Name: value`', "write --header 'X-Team: blue'")
    }
    if (reserved.test(name)) {
      throw usage(
        `--header cannot set ${name.toLowerCase()}`,
        /^authorization$/i.test(name)
          ? 'leave it out: the bridge signs in and presents tokens by itself'
          : 'leave it out: the bridge sets it by itself',
      )
    }
    headers[name] = value
  }
  return headers
}
