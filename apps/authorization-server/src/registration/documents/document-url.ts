/**
 * The host of a URL that can be a client id, with its port unless that is 443; undefined for any
 * other text.
 * @see draft-ietf-oauth-client-id-metadata-document section 3
 */
export function documentHost(id: string): string | undefined {
  if (id.length > 1024 || !/^https:\/\/[\x21-\x7e]+$/i.test(id) || /[\\#]/.test(id))
    return undefined
  const url = URL.parse(id)
  if (!url || url.username !== '' || url.password !== '') return undefined
  // The same host by another name: what was decided about the one would not hold for it.
  if (url.hostname.endsWith('.')) return undefined
  const path = /^https:\/\/[^/?]*([^?]*)/i.exec(id)?.[1] ?? ''
  const hasDots = path.split('/').some((part) => /^\.{1,2}$/.test(part.replace(/%2e/gi, '.')))
  return hasDots ? undefined : url.host
}
