import { usage } from '../errors.ts'
import { type CheckResult, failed, ok, warning } from './check.ts'
import { probe, type ProbeAnswer, reasonOf } from './probe.ts'

/** A check of what a server publishes. */
export interface RemoteCheck {
  readonly id: string
  readonly title: string
  readonly run: (target: RemoteTarget) => CheckResult | Promise<CheckResult>
}

/** What a URL turned out to be. */
export interface RemoteTarget {
  /** The protected server, when the URL is one. */
  readonly resource: string | undefined
  /** As the protected server names it, else as it was given. */
  readonly issuer: string | undefined
  /** Of the authorization server; undefined when there are none. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  /** What was found on the way here, in the order of asking. */
  readonly found: readonly (CheckResult & { readonly id: string; readonly title: string })[]
}

/** The places of metadata: the well-known part goes before the path of an issuer or resource. */
export function wellKnown(base: string, name: string): string {
  const url = new URL(base)
  return `${url.origin}/.well-known/${name}${url.pathname.replace(/\/$/, '')}`
}

/**
 * Finds out whether a URL is a protected server or an issuer, and reads their metadata.
 *
 * @throws CliError when it is no URL of a server
 */
export async function findTarget(text: string): Promise<RemoteTarget> {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usage(
      'this is not an http(s) URL',
      'give the URL of an MCP server, or of an authorization server',
    )
  }
  const suffixed = await ask(wellKnown(text, 'oauth-protected-resource'))
  const root = await ask(`${url.origin}/.well-known/oauth-protected-resource`)
  const described = [suffixed, root].find(isDocument)
  if ('problem' in suffixed && 'problem' in root) return unreachableTarget(text, url, root.problem)
  if (described === undefined) return issuerTarget(text, [])
  const found = [
    { id: 'prm', title: 'PRM of the path', ...placeResult(suffixed, text) },
    { id: 'prm-root', title: 'PRM of the root', ...rootResult(root, url) },
    { id: 'resource', title: 'resource', ...resourceResult(described.json['resource'], url, text) },
  ]
  const [issuer] = Array.isArray(described.json['authorization_servers'])
    ? (described.json['authorization_servers'] as unknown[])
    : []
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    const result = failed(
      'the metadata of the resource name no authorization server',
      'list its issuer in authorization_servers',
    )
    const noIssuer = { id: 'prm-issuer', title: 'issuer in PRM', ...result }
    return { resource: text, issuer: undefined, metadata: undefined, found: [...found, noIssuer] }
  }
  return { ...(await issuerTarget(issuer, found)), resource: text }
}

/** Nothing answers, so it cannot be told which of the two the URL is. */
function unreachableTarget(text: string, { origin }: URL, problem: string): RemoteTarget {
  const result = failed(
    `no answer from ${origin}: ${problem}`,
    'start what should answer there, or correct the URL',
  )
  const found = [{ id: 'reachable', title: 'reachable', ...result }]
  return { resource: undefined, issuer: text, metadata: undefined, found }
}

/** The target of an issuer. */
export async function issuerTarget(
  issuer: string,
  before: RemoteTarget['found'],
): Promise<RemoteTarget> {
  const [rfc8414, openid] = await Promise.all([
    ask(wellKnown(issuer, 'oauth-authorization-server')),
    ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
  ])
  const document = [rfc8414, openid].find(isDocument)?.json
  const found = [
    ...before,
    { id: 'rfc8414', title: 'RFC 8414', ...metadataResult(rfc8414, issuer) },
    { id: 'openid', title: 'OpenID', ...openidResult(openid, issuer) },
  ]
  return { resource: undefined, issuer, metadata: document, found }
}

type Asked = ProbeAnswer | { readonly problem: string }

async function ask(url: string): Promise<Asked> {
  try {
    return await probe(url)
  } catch (error) {
    return { problem: reasonOf(error) }
  }
}

const isDocument = (asked: Asked): asked is ProbeAnswer =>
  'json' in asked && asked.status === 200 && Object.keys(asked.json).length > 0

const saw = (asked: Asked): string =>
  'problem' in asked ? asked.problem : `status ${asked.status}`

function placeResult(asked: Asked, resource: string): CheckResult {
  const place = wellKnown(resource, 'oauth-protected-resource')
  return isDocument(asked)
    ? ok(place)
    : failed(`${place}: ${saw(asked)}`, 'serve the metadata also there: clients ask it first')
}

function rootResult(asked: Asked, { origin }: URL): CheckResult {
  return isDocument(asked)
    ? ok(`${origin}/.well-known/oauth-protected-resource`)
    : warning(
        `nothing at the root (${saw(asked)})`,
        'serve the metadata at the root too, if this is the only resource there: some clients look only there',
      )
}

function resourceResult(resource: unknown, url: URL, text: string): CheckResult {
  if (resource === text) return ok(text)
  const named =
    typeof resource === 'string' && URL.canParse(resource) ? new URL(resource) : undefined
  const path = `${named?.pathname.replace(/\/$/, '')}/`
  if (named?.origin === url.origin && `${url.pathname}/`.startsWith(path)) {
    return warning(
      `the metadata name ${named.href}, clients were given ${text}`,
      'give clients the URL exactly as `resource` has it',
    )
  }
  return failed(
    'the metadata describe another resource: clients refuse to ask for a token',
    `set the resource of the server to ${text}`,
  )
}

function metadataResult(asked: Asked, issuer: string): CheckResult {
  return isDocument(asked)
    ? sameIssuer(asked.json['issuer'], issuer)
    : failed(
        `${wellKnown(issuer, 'oauth-authorization-server')}: ${saw(asked)}`,
        'start the authorization server, or let the proxy pass /.well-known/ on to it',
      )
}

function openidResult(asked: Asked, issuer: string): CheckResult {
  return isDocument(asked)
    ? sameIssuer(asked.json['issuer'], issuer)
    : warning(`no OpenID metadata (${saw(asked)})`, 'serve them too: older clients ask only there')
}

/** Byte for byte, as clients compare. */
function sameIssuer(named: unknown, issuer: string): CheckResult {
  if (named === issuer) return ok(issuer)
  return failed(
    `asked for ${issuer}, the metadata say ${typeof named === 'string' ? named : 'nothing'}`,
    'use one spelling everywhere (scheme, host, port, slash at the end): HOLDFAST_ISSUER, and authorizationServers of the resource',
  )
}
