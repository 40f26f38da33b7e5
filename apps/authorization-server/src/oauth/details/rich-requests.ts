import {
  type ConnectionDetail,
  detailsOfConnections,
  type GrantedConnectionDetail,
  narrowDetails,
  ProtocolError,
} from '@holdfast/protocol'
import type { Storage } from '@holdfast/storage'
import { type AuthorizationDetail, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { apiKeyTypes } from '../../api-keys/exchange.ts'
import { isForeignToken } from '../../assertions/upstream-token.ts'
import { dispatchPath } from '../built-in-resources.ts'
import { grantTypes } from '../grant-types.ts'
import type { ResourceDirectory } from '../resource-directory.ts'
import { connectionType, parseDetails } from './parse-details.ts'
import { wantedConnections } from './wanted-connections.ts'

export interface RichRequestOptions {
  readonly issuer: string
  readonly directory: ResourceDirectory
  readonly storage: Pick<Storage, 'grants'>
}

/** A code or token for which others are issued. */
interface Source {
  readonly clientId?: string | undefined
  readonly grantId?: string | undefined
  readonly resource?: string | string[] | undefined
  readonly rar?: Stored
}

/** Details as this server grants them: only the consent page and narrowing make any. */
type Stored = readonly AuthorizationDetail[] | undefined

/**
 * Hooks of the library for rich authorization requests. What is asked for is checked where it is asked;
 * the user grants it on the consent page; from then on it can be narrowed and never widened.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9396}
 */
export function richRequests({ issuer, directory, storage }: RichRequestOptions) {
  /** What of the grant's rights is asked for again. */
  async function narrowed(asked: string, grantId: string, source: Stored): Promise<Stored> {
    const granted = await grantedDetails(storage, grantId, source as GrantedConnectionDetail[])
    return asOAuthError(() => narrowDetails(parseDetails(asked), granted))
  }

  async function validate(koa: KoaContextWithOIDC): Promise<void> {
    const { params, route } = koa.oidc
    const asked = askedOf(koa) ?? ''
    const details = asOAuthError(() => parseDetails(asked))
    if (route !== 'token') {
      const resource = await directory.resolve(String(params?.['resource']))
      if (resource) await asOAuthErrorAsync(() => wantedConnections(directory, resource, details))
      return
    }
    if (params?.['grant_type'] === grantTypes.clientCredentials) {
      throw new errors.InvalidAuthorizationDetails(
        'a client that acts as itself has no connections: leave authorization_details out',
      )
    }
    if (!params) return
    if (params['grant_type'] === grantTypes.tokenExchange) {
      if (!isOwnToken(params, issuer)) {
        throw new errors.InvalidAuthorizationDetails(
          'only what a token of this server allows can be narrowed: leave authorization_details out',
        )
      }
      params['resource'] ??= `${issuer}${dispatchPath}`
      return
    }
    // Before the library uses the code or token up.
    const source = await findSource(koa)
    if (source?.grantId === undefined) return
    await narrowed(asked, source.grantId, source.rar)
    // The library wants to know the resource, which the request leaves to the grant.
    params['resource'] ??= [source.resource].flat()[0]
  }

  return {
    enabled: true as const,
    // The library asks once for each detail; the details are judged together.
    types: {
      [connectionType]: {
        validate: (koa: KoaContextWithOIDC) => (isFirst(koa) ? validate(koa) : undefined),
      },
    },
    authorizationDetailsForGrantSource: (koa: KoaContextWithOIDC): Stored =>
      koa.oidc.entities.Grant?.rar,
    async authorizationDetailsForAccessToken(
      koa: KoaContextWithOIDC,
      _token: unknown,
      source: Pick<Source, 'grantId' | 'rar'> | undefined,
    ): Promise<Stored> {
      const asked = askedOf(koa)
      if (asked === undefined || source?.grantId === undefined) return source?.rar
      return narrowed(asked, source.grantId, source.rar)
    },
    // Ours stands in front, which reads the token itself.
    authorizationDetailsForIntrospection: () => undefined,
  }
}

/** True unless an API key, or the token of another issuer, is exchanged. */
const isOwnToken = (params: Readonly<Record<string, unknown>>, issuer: string): boolean =>
  !apiKeyTypes.includes(String(params['subject_token_type'])) &&
  !isForeignToken(String(params['subject_token']), issuer)

/** What a grant allows, in details. */
async function grantedDetails(
  grants: Pick<Storage, 'grants'>,
  grantId: string,
  details: readonly GrantedConnectionDetail[] | undefined,
): Promise<readonly GrantedConnectionDetail[]> {
  if (details !== undefined) return details
  return detailsOfConnections((await grants.grants.find(grantId))?.connections ?? {})
}

const seen = new WeakSet<KoaContextWithOIDC>()

function isFirst(koa: KoaContextWithOIDC): boolean {
  if (seen.has(koa)) return false
  seen.add(koa)
  return true
}

/**
 * What a token is asked for with, if it is one of these.
 *
 * @throws InvalidGrant for one that is unknown or another client's
 */
async function findSource({ oidc }: KoaContextWithOIDC): Promise<Source | undefined> {
  const { provider, client, params } = oidc
  const value = (name: string): string => String(params?.[name])
  const kinds: Readonly<Record<string, readonly [string, () => Promise<Source | undefined>]>> = {
    [grantTypes.refreshToken]: [
      'refresh token',
      () => provider.RefreshToken.find(value('refresh_token')),
    ],
    [grantTypes.authorizationCode]: [
      'authorization code',
      () => provider.AuthorizationCode.find(value('code')),
    ],
    [grantTypes.deviceCode]: ['device code', () => provider.DeviceCode.find(value('device_code'))],
  }
  const grantType = value('grant_type')
  const kind = Object.hasOwn(kinds, grantType) ? kinds[grantType] : undefined
  if (!kind) return undefined
  const [name, find] = kind
  const source = await find()
  if (!source || source.clientId !== client?.clientId) {
    throw new errors.InvalidGrant(`${name} not found`)
  }
  return source
}

const askedOf = ({ oidc }: KoaContextWithOIDC): string | undefined => {
  const asked = oidc.params?.['authorization_details']
  return typeof asked === 'string' ? asked : undefined
}

/** @throws InvalidAuthorizationDetails */
export function narrowForExchange(
  asked: unknown,
  held: readonly ConnectionDetail[] | undefined,
  connections: Readonly<Record<string, string>>,
): GrantedConnectionDetail[] | undefined {
  const granted = held as GrantedConnectionDetail[] | undefined
  if (typeof asked !== 'string') return granted
  return asOAuthError(() =>
    narrowDetails(parseDetails(asked), granted ?? detailsOfConnections(connections)),
  )
}

function asOAuthError<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw toOAuthError(error)
  }
}

const asOAuthErrorAsync = <T>(run: () => Promise<T>): Promise<T> =>
  run().catch((error: unknown) => {
    throw toOAuthError(error)
  })

const toOAuthError = (error: unknown): unknown =>
  error instanceof ProtocolError ? new errors.InvalidAuthorizationDetails(error.message) : error
