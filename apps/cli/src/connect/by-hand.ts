import { type CredentialKind, credentialKindSchema, secretFieldsOf } from '@holdfast/protocol'
import type { Catalog } from '@holdfast/providers'
import { policyOf } from '../commands/policy-options.ts'
import { usage } from '../errors.ts'
import { requireOwnKey } from './check-key.ts'
import type { AddOptions, ConnectionPlan } from './plan.ts'
import { readSecretFields } from './secret-fields.ts'
import { readSecretFiles } from './secret-files.ts'

/** Kinds that `--kind` can say without the catalog. */
export const handKinds: readonly string[] = ['api_key', 'bearer', 'basic', 'mtls']

const titles: Readonly<Record<string, string>> = {
  api_key: 'API key',
  token: 'Token',
  username: 'User name',
  password: 'Password',
}

/**
 * A connection described by options alone.
 *
 * @throws CliError for a kind that does not exist or an injection that is not valid; when the secrets
 *   are read, `WRONG_KEY` for a key of a provider of the catalog that goes elsewhere
 */
export function planByHand(
  catalog: Catalog,
  provider: string,
  baseUrl: string,
  options: AddOptions,
  issuer: string,
): ConnectionPlan {
  const credential = credentialOf(options)
  const { required, optional, multiline } = secretFieldsOf(credential)
  const known = readSecretFiles(options.secretFile ?? [], [...required, ...optional])
  const fields = [...required, ...optional].map((name) => ({
    name,
    title: titles[name] ?? name,
    visible: name === 'username',
    multiline: multiline?.includes(name) === true,
    known: known[name],
    optional: optional.includes(name),
    check: (value: string) => {
      if (options.anyKey !== true) requireOwnKey(catalog, provider, baseUrl, value)
    },
  }))
  return {
    provider,
    baseUrl,
    credential,
    policy: policyOf(options, issuer),
    isIdentified: false,
    readSecrets: () => readSecretFields(fields, options.secretStdin === true),
  }
}

function credentialOf(options: AddOptions): CredentialKind {
  const { kind = 'api_key', header, template, injection } = options
  if (injection !== undefined) return parsedKind('--injection', asJson(injection))
  if (kind === 'bearer' || kind === 'basic' || kind === 'mtls') return { kind }
  if (kind === 'api_key' && options.in !== undefined && options.in !== 'header') {
    return placedKey(options.in, options)
  }
  if (kind === 'api_key') {
    return {
      kind,
      header_name: header ?? 'Authorization',
      header_template: template ?? 'Bearer {api_key}',
    }
  }
  throw usage(
    `--kind: there is no such kind`,
    `choose of ${handKinds.join(', ')}, describe another with --injection, or leave out --base-url for a provider of the catalog`,
  )
}

/** Places of an API key beside a header, by what `--in` calls them. */
export const keyPlaces: readonly string[] = ['header', 'query', 'cookie', 'path', 'json', 'form']

function placedKey(place: string, { field, template }: AddOptions): CredentialKind {
  const isBody = place === 'json' || place === 'form'
  return parsedKind('--in', {
    ...{ kind: 'api_key', in: isBody ? 'body' : place },
    ...(isBody && { format: place }),
    ...(place !== 'path' && { name: field ?? 'api_key' }),
    ...(place === 'path' ? { template: template ?? '/{api_key}' } : template && { template }),
  })
}

function parsedKind(option: string, value: unknown): CredentialKind {
  const parsed = credentialKindSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw usage(
    `${option} ${issue?.path.join('.') ?? ''}: ${issue?.message}`,
    `for example --injection '{"kind":"api_key","in":"query","name":"key"}'; see docs/credential-kinds.md`,
  )
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
