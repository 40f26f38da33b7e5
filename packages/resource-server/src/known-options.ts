import type { AuthorizationOptions } from './authorization.ts'
import {
  anything,
  called,
  flag,
  having,
  listsByName,
  members,
  number,
  oneOf,
  type OptionCheck,
  type OptionNames,
  type OptionTable,
  someTexts,
  text,
  texts,
  wholeNumber,
} from './check-options.ts'
import type { MCPServerOptions, OfficialServer } from './mcp-server.ts'
import type { ProtectedResourceOptions } from './options.ts'

const dayMs = 86_400_000
const yearSeconds = 31_536_000

const isOrigin = (value: string): boolean => {
  if (!URL.canParse(value)) return false
  const { protocol, origin } = new URL(value)
  return (protocol !== 'https:' && protocol !== 'http:') || value === origin
}
const origins: OptionCheck = (value) =>
  value === '*' || (Array.isArray(value) && value.every((one) => isOrigin(String(one))))
    ? undefined
    : " must be '*' or a list of origins, each written as https://app.example"

const hierarchy: OptionCheck = (value) =>
  typeof value === 'string' ? oneOf('prefix')(value) : listsByName(value)

const revocationMembers = members({
  maxStaleMs: number(0, dayMs),
  outageGraceMs: number(0, dayMs),
})

const shared = {
  issuer: text,
  authorizationProvider: having('verify'),
  authorizationServers: someTexts,
  resource: text,
  publicUrl: text,
  scopeHierarchy: hierarchy,
  scopeEnforcement: oneOf('auto', 'always', 'never'),
  metadataPath: text,
  dpopNonceSecret: anything,
  client: members({ id: text, secret: text }, ['id', 'secret']),
  revocation: (value: unknown) => (value === false ? undefined : revocationMembers(value)),
  publicPaths: texts,
  allowedOrigins: origins,
  name: text,
  documentation: text,
  replay: having('use'),
  sha256: called,
  verifySignature: called,
  importProofKey: called,
  fetch: called,
  onError: called,
  now: called,
}

/** The options of `protectedResource`. */
export const guardTable: OptionTable<ProtectedResourceOptions> = {
  ...shared,
  scopes: members({ required: texts, supported: texts, requested: texts }),
  metadataMaxAgeSeconds: number(0, yearSeconds),
  dpop: oneOf('off', 'preferred', 'required'),
  // A time is in whole seconds, so that less than one would refuse proofs made just now.
  dpopLeewaySeconds: number(1, 300),
}

/** The `authorization` of an `MCPServer`. */
export const authorizationTable: OptionTable<AuthorizationOptions> = {
  ...shared,
  enabled: flag,
  requiredScopes: texts,
  requestedScopes: texts,
  dpopRequired: flag,
  dpopLeeway: number(1, 300),
  cacheTtl: number(0, yearSeconds),
  failOpen: flag,
}

/** The options of an `MCPServer`. */
export const serverTable: OptionTable<MCPServerOptions<OfficialServer>> = {
  server: called,
  handler: called,
  authorization: anything,
  toolScopes: listsByName,
  stepUp: oneOf('auto', 'result', 'challenge'),
  maxBodyBytes: wholeNumber(1, 2 ** 30),
}

/** Names of an `MCPServer`'s options, as somebody may write them to the guard. */
export const guardNames: OptionNames<keyof ProtectedResourceOptions> = {
  required: ['resource'],
  otherNames: {
    requiredScopes: 'scopes: { required: [ … ] }',
    requestedScopes: 'scopes: { requested: [ … ] }',
    dpopRequired: "dpop: 'required'",
    dpopLeeway: 'dpopLeewaySeconds',
    cacheTtl: 'metadataMaxAgeSeconds',
  },
}

/** Names of the guard's options, as somebody may write them to an `MCPServer`. */
export const authorizationNames: OptionNames<keyof AuthorizationOptions> = {
  required: ['resource', 'authorizationServers'],
  otherNames: {
    scopes: 'requiredScopes and requestedScopes',
    dpop: 'dpopRequired',
    dpopLeewaySeconds: 'dpopLeeway',
    metadataMaxAgeSeconds: 'cacheTtl',
  },
}
