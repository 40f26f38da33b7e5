/** Token types of RFC 8693 section 3 and of the ID-JAG draft. */
export const tokenTypes = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
} as const

/** Grant types that have a URN. */
export const grantTypes = {
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  deviceCode: 'urn:ietf:params:oauth:grant-type:device_code',
} as const

/** A secret that is known, or asked for each time it is needed. */
export type Supplied = string | (() => string | Promise<string>)

export const supply = async (value: Supplied): Promise<string> =>
  typeof value === 'function' ? value() : value
