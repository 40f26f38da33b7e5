const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const originOf = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).origin : undefined

/**
 * The page on which the user makes or repairs a connection, as an error of the authorization server
 * names it. A page elsewhere is left out: users are sent there with the server's word for it.
 */
export function connectUrlOf(error: unknown, issuer: string): string | undefined {
  if (!isObject(error)) return undefined
  const url = error['connect_url']
  if (typeof url === 'string') return originOf(url) === originOf(issuer) ? url : undefined
  // Dedalus servers put the error one level down.
  return connectUrlOf(error['detail'], issuer) ?? connectUrlOf(error['error'], issuer)
}
