/**
 * The answer of a token endpoint as RFC 6749 wants it, for the library that reads it. Providers differ:
 * errors with status 200, scopes as a list, no or an unknown token type. An ID token is left out: nobody
 * signs in here, and it would have to be checked for nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5}
 */
export function tidyTokenAnswer(
  status: number,
  contentType: string | string[] | undefined,
  bytes: Buffer,
): Response {
  const headers = { 'content-type': String(contentType ?? 'application/octet-stream') }
  if (status === 204 || status === 205) return new Response(null, { status, headers })
  const answer = parseObject(bytes)
  if (!answer) return new Response(new Uint8Array(bytes), { status, headers })
  const { id_token: _unused, ...rest } = answer
  const isError = typeof rest['error'] === 'string' && typeof rest['access_token'] !== 'string'
  if (Array.isArray(rest['scope'])) rest['scope'] = rest['scope'].join(' ')
  if (rest['scope'] === null) delete rest['scope']
  if (rest['expires_in'] === null) delete rest['expires_in']
  if (rest['refresh_token'] === null) delete rest['refresh_token']
  if (typeof rest['access_token'] === 'string' && !isDpop(rest['token_type'])) {
    rest['token_type'] = 'bearer'
  }
  return new Response(JSON.stringify(rest), {
    status: isError && status === 200 ? 400 : status,
    headers: { 'content-type': 'application/json' },
  })
}

/** Never asked for; passed off as a bearer token it would only fail at the API. */
const isDpop = (type: unknown): boolean => typeof type === 'string' && /^dpop$/i.test(type)

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
