import { hash } from 'node:crypto'
import { type Storage, StorageError } from '@holdfast/storage'
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import { findAccount, resolveRequestedResources } from 'oidc-provider/lib/helpers/grants.js'
import type { AppContext } from '../context.ts'
import { issueToken } from '../oauth/issue-token.ts'
import { narrowScope } from '../oauth/narrow-scope.ts'
import { validateProof } from '../oauth/proof-check.ts'
import { requireStaticClient } from '../registration/static-client.ts'
import { AssertionError } from './errors.ts'
import type { KnownIssuer } from './issuers.ts'
import { mapSubject } from './subject.ts'
import { usableConnections } from './usable-connections.ts'
import type { VerifiedAssertion } from './verify.ts'

export type AssertionParts = Pick<AppContext, 'config' | 'storage' | 'clock'>
export type AssertionContext = TokenEndpointGrantContext<
  Partial<Record<'assertion' | 'subject_token' | 'resource' | 'scope', string>>
>

export interface AssertedToken {
  readonly verified: VerifiedAssertion
  readonly gty: string
  /** Scopes that the assertion itself allows; undefined = all. */
  readonly scopes?: readonly string[] | undefined
  /** True when the token may not outlive the assertion. */
  readonly endsWithAssertion: boolean
  readonly isExchange: boolean
  /** Called when everything else is in order: uses the assertion up. */
  readonly spend: () => Promise<void>
}

/** Issues the token that an assertion stands for, within what its issuer is trusted for. */
export async function issueAsserted(
  provider: Provider,
  ctx: AssertionContext,
  { config, storage, clock }: AssertionParts,
  wanted: AssertedToken,
): Promise<void> {
  const { client, params } = ctx.oidc
  const { verified } = wanted
  const { trust, id, issuer } = verified.issuer
  requireStaticClient(client)
  if (!trust.clients.includes(client.clientId)) {
    throw new errors.UnauthorizedClient(
      'the issuer of the assertion is not trusted for this client',
    )
  }
  const [only, ...others] = trust.resources
  if (only !== undefined && others.length === 0) params.resource ??= only
  const [target] = await resolveRequestedResources(provider, ctx)
  const resource = target?.audience
  if (!resource || !trust.resources.includes(resource)) {
    throw new errors.InvalidTarget('the issuer of the assertion is not trusted for this resource')
  }
  const proof = await validateProof(provider, ctx)
  const bound = (verified.claims['cnf'] as { jkt?: unknown } | undefined)?.jkt
  if (verified.claims['cnf'] !== undefined && (!proof || bound !== proof.thumbprint)) {
    throw new errors.InvalidDpopProof('the assertion is bound to a key: send a proof made with it')
  }
  const scope = narrowScope(params.scope, target.scopes, [trust.scopes, wanted.scopes])
  const subject = await mapSubject(storage, verified)
  const left = (verified.claims.exp ?? 0) - clock() / 1000
  const common = {
    target,
    scope,
    proof,
    gty: wanted.gty,
    maxSeconds: Math.min(config.accessTokenTtlSeconds, wanted.endsWithAssertion ? left : Infinity),
    isExchange: wanted.isExchange,
  }
  if ('client' in subject) {
    await wanted.spend()
    return issueToken(provider, ctx, { ...common, claims: {} })
  }
  const account = await findAccount(provider, ctx, subject.user)
  if (!account) throw new AssertionError('its subject may no longer sign in')
  ctx.oidc.entity('Account', account)
  await wanted.spend()
  const scopes = scope.split(' ').filter((name) => name !== '')
  const grant = await keepGrant(storage, verified.issuer, {
    userId: subject.user,
    clientId: client.clientId,
    resource,
    scopes,
  })
  // Who ends the trust ends the grants that are there by then, not one that was stored just after.
  if ((await storage.trustedIssuers.findByIssuer(issuer))?.id !== id) {
    throw new AssertionError('its issuer is not trusted by this server')
  }
  return issueToken(provider, ctx, {
    ...common,
    user: { accountId: subject.user, grantId: grant.grantId },
    claims: { 'ddls:connections': grant.connections, 'ddls:grant': grant.grantId },
  })
}

/**
 * The grant under which a user sees, and takes back, what an issuer's word gave a client. It stays taken
 * back when the issuer is removed and registered anew.
 */
async function keepGrant(
  storage: Pick<Storage, 'grants' | 'connections' | 'resources' | 'trustedIssuers'>,
  { id, issuer }: KnownIssuer,
  what: {
    readonly userId: string
    readonly clientId: string
    readonly resource: string
    readonly scopes: readonly string[]
  },
) {
  const { userId, clientId, resource } = what
  const name = hash('sha256', JSON.stringify([userId, clientId, resource]), 'base64url')
  if (await storage.trustedIssuers.isTakenBack(issuer, name)) throw takenBack()
  const connections = await usableConnections(storage, { userId, clientId, resource })
  try {
    return await storage.grants.put({ grantId: `${id}.${name}`, ...what, connections })
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'VERSION_CONFLICT') throw error
    throw takenBack(error)
  }
}

const takenBack = (cause?: unknown): AssertionError =>
  new AssertionError('its user took this access back', { cause })
