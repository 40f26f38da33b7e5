/** Paths of the OAuth endpoints. */
export const routes = {
  authorization: '/oauth2/auth',
  token: '/oauth2/token',
  revocation: '/oauth2/revoke',
  introspection: '/oauth2/introspect',
  jwks: '/.well-known/jwks.json',
  userinfo: '/oauth2/userinfo',
  pushed_authorization_request: '/oauth2/par',
  device_authorization: '/oauth2/device/auth',
  code_verification: '/device',
} as const

/** Path of the deny list, which is ours alone. */
export const denyListPath = '/oauth2/deny-list'
