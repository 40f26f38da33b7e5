import { describeKey, type Provider, type ProviderKind } from '@holdfast/providers'
import { paint } from '../output.ts'

/** What the catalog knows of a provider, line by line. */
export function* providerText(provider: Provider): Generator<string> {
  const { title, docs, base_url, variables = {}, headers = {}, oauth, identity } = provider
  yield `${paint('bold', title)}  ${docs}`
  yield entry('base URL', base_url + (provider.self_hosted === true ? own : ''))
  for (const [name, { title, example, default: usual }] of Object.entries(variables)) {
    const otherwise = usual === undefined ? '' : ` (${usual} when it is not given)`
    yield part(name, `${title}, such as ${example}${otherwise}`)
  }
  for (const pair of Object.entries(headers)) yield entry('header', pair.join(': '))
  for (const kind of provider.kinds) yield* kindText(kind)
  if (oauth) yield* oauthText(oauth)
  if (identity) yield entry('test', `GET ${identity.path}`)
  const limits = Object.values(provider.rate_limit ?? {})
  if (limits.length > 0) yield entry('limits', `told by ${limits.join(', ')}`)
  if (provider.operations) yield 'operations'
  for (const { name, method, path, words } of provider.operations ?? []) {
    yield `  ${name}: ${method} ${path}: ${words}`
  }
  const how = provider.verified === 'docs' ? 'compared with the documentation' : 'not verified'
  yield entry('checked', `${provider.checked}, ${how}`)
}

const own = ', or your own with --base-url'

function* kindText({ id, title, advice, fields, inputs }: ProviderKind): Generator<string> {
  yield entry('kind', `${id}: ${title}${advice === undefined ? '' : `. ${advice}`}`)
  for (const [name, { title, example, optional }] of Object.entries(inputs)) {
    yield part(name, `${title}, such as ${example}${optional === true ? ' (optional)' : ''}`)
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.constant !== undefined) continue
    const { title, where } = field
    const shape = describeKey(field)
    yield part(
      name,
      `${title}${shape === undefined ? '' : `, which ${shape}`}${where ? `. ${where.words} ${where.url}` : ''}`,
    )
  }
}

function* oauthText(oauth: NonNullable<Provider['oauth']>): Generator<string> {
  const { authorization_endpoint, token_endpoint, token_endpoint_auth_method, pkce } = oauth
  if (authorization_endpoint !== undefined) {
    const checks = pkce ? 'checks PKCE' : 'ignores PKCE'
    yield entry('sign-in', `${authorization_endpoint}, which ${checks}`)
  }
  yield entry('tokens', `${token_endpoint}, with ${token_endpoint_auth_method}`)
  if (oauth.refresh_gone) {
    const { errors = [], statuses = [] } = oauth.refresh_gone
    yield entry('over', `refresh tokens, when it answers ${[...errors, ...statuses].join(', ')}`)
  }
  yield entry('ended', endedBy(oauth))
  if (oauth.access_page !== undefined) yield entry('access', oauth.access_page)
  if (oauth.register_url !== undefined) yield entry('register', oauth.register_url)
  const scopes = Object.entries(oauth.scopes)
  if (scopes.length > 0) yield 'scopes'
  for (const [scope, words] of scopes) yield `  ${scope}: ${words}`
}

function endedBy({
  revocation_endpoint,
  revocation_request: request,
}: NonNullable<Provider['oauth']>): string {
  if (revocation_endpoint !== undefined) return `POST ${revocation_endpoint} (RFC 7009)`
  return request ? `${request.method} ${request.url}` : 'by hand'
}

const entry = (name: string, text: string): string => `${name.padEnd(10)} ${text}`
const part = (name: string, text: string): string => `  ${name.padEnd(9)} ${text}`
