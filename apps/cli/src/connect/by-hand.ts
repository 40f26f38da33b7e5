import { type CredentialKind, credentialKindSchema, secretFieldsOf } from '@holdfast/protocol'
import { policyOf } from '../commands/policy-options.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { AddOptions, ConnectionPlan } from './plan.ts'
import { readSecretFields } from './secret-fields.ts'

/** Kinds that `--kind` can say without the catalog. */
export const handKinds: readonly string[] = ['api_key', 'bearer', 'basic']

const titles: Readonly<Record<string, string>> = {
  api_key: 'API key',
  token: 'Token',
  username: 'User name',
  password: 'Password',
}

/**
 * A connection described by options alone.
 *
 * @throws CliError for a kind that does not exist or an injection that is not valid
 */
export function planByHand(
  provider: string,
  baseUrl: string,
  options: AddOptions,
  issuer: string,
): ConnectionPlan {
  const credential = credentialOf(options)
  const { required, optional, multiline } = secretFieldsOf(credential)
  const fields = [
    ...required.map((name) => ({
      name,
      title: titles[name] ?? name,
      multiline: multiline?.includes(name) === true,
    })),
    ...optional.map((name) => ({
      name,
      title: titles[name] ?? name,
      visible: name === 'username',
      optional: true,
    })),
  ]
  return {
    provider,
    baseUrl,
    credential,
    policy: policyOf(options, issuer),
    isIdentified: false,
    readSecrets: () => readSecretFields(fields, options.secretStdin === true),
  }
}

function credentialOf({
  kind = 'api_key',
  header,
  template,
  injection,
}: AddOptions): CredentialKind {
  if (injection !== undefined) return parsedInjection(injection)
  if (kind === 'bearer' || kind === 'basic') return { kind }
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

function parsedInjection(text: string): CredentialKind {
  const parsed = credentialKindSchema.safeParse(asJson(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw usage(
    `--injection ${issue?.path.join('.') ?? ''}: ${issue?.message}`,
    `for example --injection '{"kind":"api_key","in":"query","name":"key"}'; see docs/providers.md`,
  )
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const usage = (message: string, fix: string): CliError =>
  new CliError(message, { exitCode: exitCodes.usage, code: 'USAGE', fix })
