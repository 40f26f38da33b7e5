import { routes } from './routes.ts'

const exact: ReadonlySet<string> = new Set([
  ...Object.values(routes),
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
])
const resumption = new RegExp(`^(${routes.authorization}|${routes.code_verification})/[^/]+$`)

/**
 * Tells whether the library may answer a path. Its router takes paths in any case and with a slash
 * behind; the steps around it, the audit log among them, would not know such a request for theirs.
 */
export const isLibraryPath = (path: string): boolean => exact.has(path) || resumption.test(path)
