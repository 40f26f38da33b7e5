/** A built-in resource by its short name, or the URI of any other. */
export type ResourceName = 'management' | 'dispatch'

/** The URI of a built-in resource. */
export const resourceUri = (issuer: string, name: ResourceName): string =>
  name === 'management' ? `${issuer}/v1` : `${issuer}/dispatch`

/** Scopes that a sign-in asks for; the server grants what the user may have and agrees to. */
export const defaultScopes: Readonly<Record<ResourceName, readonly string[]>> = {
  management: [
    'connections:read',
    'connections:write',
    'grants:read',
    'grants:write',
    'api-keys',
    'admin',
  ],
  dispatch: ['dispatch'],
}
