import type { CredentialKind } from '@holdfast/protocol'

/** Names of a connection's secret fields, with where a person keeps each, such as `{ token: 'GITHUB_TOKEN' }`. */
export type SecretKeys = Readonly<Record<string, string>>

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  /** One or more secret fields. */
  readonly secrets: SecretKeys
  /** The upstream: `https://host[:port][/path]`. */
  readonly baseUrl: string
  /** Catalog name of the provider. Default the connection's name. */
  readonly provider?: string
  /** Header that carries the secret. Default `Authorization`. */
  readonly headerName?: string
  /** Its value, with `{api_key}` where the secret goes. Default `Bearer {api_key}`. */
  readonly headerTemplate?: string
  /** What it is for, in words that a user reads. */
  readonly description?: string
}

/**
 * A connection that a server's tools use: what it is called, which upstream it reaches and how its
 * secret is sent there. Holds no secret; those live sealed in the vault.
 *
 * @example
 * ```ts
 * const github = new Connection('github', {
 *   secrets: { token: 'GITHUB_TOKEN' },
 *   baseUrl: 'https://api.github.com',
 *   headerTemplate: 'token {api_key}',
 * })
 * ```
 */
export class Connection {
  /** The name under which tokens grant it. */
  readonly name: string
  readonly provider: string
  readonly baseUrl: string
  readonly secrets: SecretKeys
  readonly description: string
  /** How the vault injects the secret. */
  readonly credential: CredentialKind

  /** @throws TypeError for a definition that cannot work */
  constructor(name: string, options: ConnectionOptions) {
    const { headerName = 'Authorization', headerTemplate = 'Bearer {api_key}' } = options
    const refuse = (why: string): never => {
      throw new TypeError(`Connection ${JSON.stringify(name)}: ${why}`)
    }
    if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/.test(name)) refuse('the name is not usable')
    if (Object.keys(options.secrets).length === 0) refuse('name at least one secret')
    if (!URL.canParse(options.baseUrl)) refuse('baseUrl must be an absolute URL')
    if (!headerTemplate.includes('{api_key}')) refuse('headerTemplate must contain {api_key}')
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/.test(headerName)) {
      refuse('headerName is not a header name')
    }
    this.name = name
    this.provider = options.provider ?? name
    this.baseUrl = options.baseUrl
    this.secrets = Object.freeze({ ...options.secrets })
    this.description = options.description ?? ''
    this.credential = Object.freeze({
      kind: 'api_key',
      header_name: headerName,
      header_template: headerTemplate,
    })
  }
}

/** What `connections.create` of `@holdfast/client` takes. */
export interface SealableConnection {
  readonly provider: string
  readonly name: string
  readonly baseUrl: string
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, Uint8Array>>
}

// The order in which Dedalus clients look for the one value that they send.
const valueOrder = ['api_key', 'key', 'token', 'secret', 'password']

/**
 * Values for a connection's secret fields, on their way to be sealed. Prints, logs and serialises
 * without them.
 *
 * @example
 * ```ts
 * await client.connections.create(new SecretValues(github, { token }).toSealable())
 * ```
 */
export class SecretValues {
  readonly connection: Connection
  readonly #value: string

  /** @throws TypeError when a field is missing, empty or not one of the connection's */
  constructor(connection: Connection, values: Readonly<Record<string, string>>) {
    const known = Object.keys(connection.secrets)
    const unknown = Object.keys(values).find((name) => !known.includes(name))
    if (unknown !== undefined) {
      throw new TypeError(`${connection.name} takes the secrets ${known.join(', ')} only`)
    }
    const order = [...valueOrder, ...known]
    const chosen = order.find((name) => known.includes(name) && (values[name] ?? '') !== '')
    const value = chosen === undefined ? undefined : values[chosen]
    if (value === undefined) throw new TypeError(`${connection.name} needs ${known.join(' or ')}`)
    this.connection = connection
    this.#value = value
  }

  /** The credential for `connections.create`. Wipe `secrets` after the call. */
  toSealable(): SealableConnection {
    const { provider, name, baseUrl, credential } = this.connection
    const secrets = { api_key: new TextEncoder().encode(this.#value) }
    return { provider, name, baseUrl, credential, secrets }
  }

  toString(): string {
    return `SecretValues(${this.connection.name})`
  }

  toJSON(): string {
    return this.toString()
  }
}
