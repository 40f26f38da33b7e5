import type { ResourceClient } from './options.ts'

const formEncode = (value: string): string =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/**
 * The `Authorization` value of `client_secret_basic`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1}
 */
export const basicAuthorization = (client: ResourceClient): string =>
  `Basic ${btoa(`${formEncode(client.id)}:${formEncode(client.secret)}`)}`
