import type { KnownResource } from './resource-directory.ts'

/** Path of the management API's resource. */
export const managementPath = '/v1'
/** Path of the dispatch resource. */
export const dispatchPath = '/dispatch'

/** The resources that this server itself is. */
export function builtInResources(issuer: string): readonly KnownResource[] {
  return [
    {
      resource: `${issuer}${managementPath}`,
      builtIn: 'management',
      displayName: 'this Holdfast server',
      dpop: 'required',
      connections: [],
      scopes: [
        {
          name: 'connections:read',
          description: 'See your connections: provider, label, status and use, never a credential',
        },
        {
          name: 'connections:write',
          description: 'Add, change, test and revoke your connections',
        },
        { name: 'grants:read', description: 'See which apps you gave access to' },
        { name: 'grants:write', description: 'Take access away from apps' },
        {
          name: 'api-keys',
          description: 'Make, see and revoke API keys, with which programs act as you',
        },
        {
          name: 'admin',
          description: 'Administer this server: users, apps, MCP servers, keys and the audit log',
        },
      ],
    },
    {
      resource: `${issuer}${dispatchPath}`,
      builtIn: 'dispatch',
      displayName: 'direct calls through your connections',
      dpop: 'required',
      connections: [],
      scopes: [
        {
          name: 'dispatch',
          description: 'Call APIs through the connections that you choose below',
        },
      ],
    },
  ]
}
