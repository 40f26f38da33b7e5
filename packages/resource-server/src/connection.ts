import { type CredentialKind, parseBaseUrl, secretFieldsOf } from '@holdfast/protocol/credential'
import { onlyField, readCredential } from './connection-credential.ts'

/** Names of a connection's secret fields, with where a person keeps each, such as `{ token: 'GITHUB_TOKEN' }`. */
export type SecretKeys = Readonly<Record<string, string>>

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  /** The secret fields of the credential. Where it has one only: the names by which it may be given. */
  readonly secrets: SecretKeys
  /** The upstream: `https://host[:port][/path]`. */
  readonly baseUrl: string
  /** Catalog name of the provider. Default the connection's name. */
  readonly provider?: string
  /** How the vault injects the secrets. Default: one, in the header of the next two options. */
  readonly credential?: CredentialKind
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
    const refusal = (why: string): TypeError =>
      new TypeError(`Connection ${JSON.stringify(name)}: ${why}`)
    if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/.test(name)) throw refusal('the name is not usable')
    let credential: CredentialKind
    try {
      parseBaseUrl(options.baseUrl)
      credential = readCredential(options)
    } catch (error) {
      throw refusal((error as Error).message)
    }
    this.name = name
    this.provider = options.provider ?? name
    this.baseUrl = options.baseUrl
    this.secrets = Object.freeze({ ...options.secrets })
    this.description = options.description ?? ''
    this.credential = credential
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
  readonly #secrets: Readonly<Record<string, string>>

  /** @throws TypeError when a field is missing, empty, one too many or not one of the connection's */
  constructor(connection: Connection, values: Readonly<Record<string, string>>) {
    const { name, credential, secrets } = connection
    const known = Object.keys(secrets)
    if (Object.keys(values).some((field) => !known.includes(field))) {
      throw new TypeError(`${name} takes the secrets ${known.join(', ')} only`)
    }
    const given = known.filter((field) => (values[field] ?? '') !== '')
    const { required } = secretFieldsOf(credential)
    const only = onlyField(credential)
    const missing = required.filter((field) => !given.includes(field))
    if (given.length === 0) throw new TypeError(`${name} needs ${known.join(' or ')}`)
    if (only !== undefined && given.length > 1) {
      throw new TypeError(`${name} takes one secret, not ${given.join(' and ')}`)
    }
    if (only === undefined && missing.length > 0) {
      throw new TypeError(`${name} needs ${missing.join(' and ')}`)
    }
    this.connection = connection
    this.#secrets = Object.fromEntries(given.map((field) => [only ?? field, values[field] ?? '']))
  }

  /** The credential for `connections.create`. Wipe `secrets` after the call. */
  toSealable(): SealableConnection {
    const { provider, name, baseUrl, credential } = this.connection
    const encoder = new TextEncoder()
    const secrets = Object.fromEntries(
      Object.entries(this.#secrets).map(([field, value]) => [field, encoder.encode(value)]),
    )
    return { provider, name, baseUrl, credential, secrets }
  }

  toString(): string {
    return `SecretValues(${this.connection.name})`
  }

  toJSON(): string {
    return this.toString()
  }
}
