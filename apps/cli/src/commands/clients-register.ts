import { readFile } from 'node:fs/promises'
import type { NewClient } from '@holdfast/client'
import { Command, Option } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { showEntry } from './show.ts'

type AuthMethod = NonNullable<NewClient['token_endpoint_auth_method']>

interface Registration {
  readonly name: string
  readonly redirectUri?: readonly string[]
  readonly confidential?: boolean
  readonly auth?: AuthMethod
  readonly jwks?: string
  readonly jwksUri?: string
  readonly tlsSubject?: string
  readonly tlsSanDns?: string
  readonly device?: boolean
  readonly assertions?: boolean
  readonly requirePar?: boolean
  readonly requireDpop?: boolean
  readonly resource?: readonly string[]
}

const authMethods: readonly AuthMethod[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'self_signed_tls_client_auth',
  'tls_client_auth',
]

/** `holdfast clients register` */
export function registerCommand(): Command {
  return new Command('register')
    .description('register a client')
    .requiredOption('--name <name>', 'name that people see when they consent')
    .option('--redirect-uri <uri>', 'where users return to; may be repeated', repeat)
    .option('--confidential', 'give it a secret (printed once); short for client_secret_basic')
    .addOption(
      new Option('--auth <method>', 'how it proves who it is at the token endpoint').choices(
        authMethods,
      ),
    )
    .option('--jwks <file>', 'its public keys, a JWK set as JSON; for private_key_jwt')
    .option('--jwks-uri <url>', 'where it publishes its keys; for private_key_jwt')
    .option('--tls-subject <dn>', 'subject of its certificate; for tls_client_auth')
    .option('--tls-san-dns <name>', 'DNS name of its certificate; for tls_client_auth')
    .option('--device', 'let it sign users in on another device, by a code that they type')
    .option('--assertions', 'let it present assertions of trusted issuers (holdfast issuers)')
    .option('--require-par', 'take only requests that it has pushed (RFC 9126)')
    .option('--require-dpop', 'issue only tokens that are bound to its key (RFC 9449)')
    .option(
      '--resource <uri>',
      'resource that it may ask for as itself; may be repeated; default every registered one',
      repeat,
    )
    .addHelpText(
      'after',
      `
Without --redirect-uri and --device the client acts for itself (client credentials).

Examples:
  $ holdfast clients register --name Cursor --redirect-uri http://127.0.0.1/callback
  $ holdfast clients register --name nightly-job --confidential --resource http://localhost:8000/mcp
  $ holdfast clients register --name build --auth private_key_jwt --jwks public-keys.json
  $ holdfast clients register --name "TV app" --device
  $ holdfast clients register --name deploy --assertions`,
    )
    .action(async (options: Registration, command: Command) => {
      const { client } = await openClient(command)
      const { client: created, client_secret: secret } = await client.clients.create(
        await toMetadata(options),
      )
      showEntry(command, secret === null ? created : { ...created, client_secret: secret })
      if (secret !== null && !wantsJson(command)) {
        note('The secret is shown only now. Keep it where only the client can read it.')
      }
    })
}

async function toMetadata(options: Registration): Promise<NewClient> {
  const redirectUris = options.redirectUri ?? []
  return {
    client_name: options.name,
    redirect_uris: redirectUris,
    ...grantTypesOf(options, redirectUris.length > 0),
    token_endpoint_auth_method:
      options.auth ?? (options.confidential ? 'client_secret_basic' : 'none'),
    ...(options.jwks !== undefined && { jwks: await readKeys(options.jwks) }),
    ...(options.jwksUri !== undefined && { jwks_uri: options.jwksUri }),
    ...(options.tlsSubject !== undefined && { tls_client_auth_subject_dn: options.tlsSubject }),
    ...(options.tlsSanDns !== undefined && { tls_client_auth_san_dns: options.tlsSanDns }),
    ...(options.requirePar && { require_pushed_authorization_requests: true }),
    ...(options.requireDpop && { dpop_bound_access_tokens: true }),
    ...(options.resource !== undefined && { resources: options.resource }),
  }
}

function grantTypesOf(
  { device, assertions }: Registration,
  redirects: boolean,
): Pick<NewClient, 'grant_types'> {
  if (assertions) {
    const types = ['jwt-bearer', 'token-exchange'].map(
      (name) => `urn:ietf:params:oauth:grant-type:${name}`,
    )
    return {
      grant_types: [...(redirects ? ['authorization_code', 'refresh_token'] : []), ...types],
    }
  }
  if (!device) return redirects ? {} : { grant_types: ['client_credentials'] }
  const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'
  return {
    grant_types: [...(redirects ? ['authorization_code'] : []), deviceCode, 'refresh_token'],
  }
}

async function readKeys(file: string): Promise<NonNullable<NewClient['jwks']>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as NonNullable<NewClient['jwks']>
  } catch (cause) {
    throw new CliError(`${file} cannot be read as a JWK set`, {
      cause,
      exitCode: exitCodes.usage,
      fix: 'give a JSON file of the form {"keys":[…]} that holds public keys',
    })
  }
}
