import * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import type { ClientAuthMethod } from './state.ts'

/** A client that an authorization server knows already. */
export interface StaticClient {
  readonly clientId: string
  /** A secret. */
  readonly clientSecret?: string | undefined
  /** Private key for `private_key_jwt`, with the `kid` that the server knows it by. */
  readonly privateKey?: CryptoKey | { readonly key: CryptoKey; readonly kid: string }
  /**
   * The authorization server that knows it. Without it the first server that is met is taken, and
   * no other one after it.
   */
  readonly issuer?: string
  /** Default: what the server supports, `client_secret_basic` before `client_secret_post`. */
  readonly method?: ClientAuthMethod
}

/** A client as the library wants it, with its way to prove who it is. */
export interface ClientIdentity {
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
}

/**
 * How a known client authenticates at a server.
 *
 * @throws ClientError `NOT_REGISTERED` when the method needs what the client does not have
 */
export function identify(server: oauth.AuthorizationServer, known: StaticClient): ClientIdentity {
  const client: oauth.Client = { client_id: known.clientId }
  return {
    client,
    authentication: authenticationOf(known, known.method ?? chooseMethod(server, known)),
  }
}

function authenticationOf(known: StaticClient, method: ClientAuthMethod): oauth.ClientAuth {
  const { clientSecret, privateKey } = known
  if (method === 'none') return oauth.None()
  if (method === 'private_key_jwt') {
    if (privateKey !== undefined) return oauth.PrivateKeyJwt(privateKey)
    throw new ClientError('NOT_REGISTERED', 'private_key_jwt needs a private key')
  }
  if (clientSecret === undefined) {
    throw new ClientError('NOT_REGISTERED', `${method} needs a client secret`)
  }
  return method === 'client_secret_basic'
    ? secretBasic(clientSecret)
    : oauth.ClientSecretPost(clientSecret)
}

function chooseMethod(server: oauth.AuthorizationServer, known: StaticClient): ClientAuthMethod {
  if (known.privateKey !== undefined) return 'private_key_jwt'
  if (known.clientSecret === undefined) return 'none'
  // RFC 8414 section 2: a server that lists no methods supports client_secret_basic.
  const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return supported.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post'
}

/**
 * The library also escapes `-`, `_`, `.` and `*`, which the form encoding leaves as they are; servers
 * that compare without decoding then refuse most identifiers.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1}
 * @see {@link https://url.spec.whatwg.org/#concept-urlencoded-serializer}
 */
const secretBasic =
  (clientSecret: string): oauth.ClientAuth =>
  (_server, { client_id: clientId }, _body, headers) => {
    const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`
    headers.set('authorization', `Basic ${btoa(pair)}`)
  }

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
