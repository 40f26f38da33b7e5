import { secretFieldsOf } from '@holdfast/protocol'
import {
  type Catalog,
  checkKey,
  choosePolicy,
  connectionIdentity,
  findKind,
  isPasted,
  type PolicyChoice,
  type Provider,
  type ProviderKind,
  toReservation,
} from '@holdfast/providers'
import { policyOf } from '../commands/policy-options.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note } from '../output.ts'
import { ask, isInteractive } from '../terminal/secrets.ts'
import { requireKey } from './check-key.ts'
import type { AddOptions, ConnectionPlan } from './plan.ts'
import { readSecretFields, type SecretField } from './secret-fields.ts'

/**
 * A connection as the catalog describes it: asks for what only the person knows, says where the key
 * is, and checks it before anything is sealed.
 *
 * @throws CliError, ProviderError
 */
export async function planFromCatalog(
  catalog: Catalog,
  provider: Provider,
  options: AddOptions,
  issuer: string,
): Promise<ConnectionPlan> {
  const kind = await chooseKind(provider, options.kind)
  const given = settings(options.set ?? [], provider, kind)
  const variables = await gather(provider.variables ?? {}, given)
  const details = await gather(kind.inputs, given)
  const reservation = toReservation(provider, kind, {
    variables,
    details,
    ...(options.baseUrl !== undefined && { baseUrl: options.baseUrl }),
    ...(options.scopes !== undefined && { scopes: options.scopes }),
  })
  const { base_url: baseUrl, credential } = reservation
  if (options.scopes !== undefined && !('token_endpoint' in credential)) {
    throw usage('--scopes is for kinds that ask a token endpoint', 'leave it out')
  }
  const fill = (url: string): string =>
    url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => variables[name] ?? whole)
  return {
    provider: provider.name,
    baseUrl,
    credential,
    policy: choose(provider, options, issuer),
    isIdentified:
      connectionIdentity(catalog, { provider: provider.name, baseUrl, kind: credential.kind }) !==
      undefined,
    readSecrets: () => {
      if (options.secretStdin !== true) explain(provider, kind, fill)
      const fields = Object.entries(kind.fields).map(([name, field]): SecretField => ({
        name,
        title: field.title,
        visible: field.visible === true,
        multiline: secretFieldsOf(credential).multiline?.includes(name) === true,
        known: field.constant ?? given[name],
        check: (value) => {
          if (field.constant !== undefined || options.anyKey === true) return
          requireKey(provider, field, checkKey(catalog, provider, kind, name, value))
        },
      }))
      return readSecretFields(fields, options.secretStdin === true)
    },
  }
}

async function chooseKind(provider: Provider, wanted: string | undefined): Promise<ProviderKind> {
  const pasted = provider.kinds.filter(isPasted)
  if (wanted === undefined && pasted.length > 1 && isInteractive()) {
    const { select } = await import('@clack/prompts')
    const chosen = await select({
      message: 'Kind of credential',
      output: process.stderr,
      options: pasted.map(({ id, title, advice }) => ({
        value: id,
        label: title,
        ...(advice !== undefined && { hint: advice }),
      })),
    })
    if (typeof chosen !== 'string') {
      throw new CliError('interrupted', { exitCode: exitCodes.interrupted, code: 'INTERRUPTED' })
    }
    return findKind(provider, chosen)
  }
  const kind = findKind(provider, wanted)
  if (isPasted(kind)) return kind
  throw usage(
    `${provider.title}: ${kind.title} happens in a browser and cannot be pasted`,
    pasted.length === 0
      ? `see \`holdfast oauth-apps list\`, then \`holdfast connections add-oauth\`; an administrator adds the app with \`holdfast oauth-apps add ${provider.name}\``
      : `choose --kind ${pasted.map(({ id }) => id).join(' or --kind ')}, or sign in with \`holdfast connections link ${provider.name}\``,
  )
}

/** `name=value` options; a secret among them is refused, because arguments can be read by others. */
function settings(
  pairs: readonly string[],
  provider: Provider,
  kind: ProviderKind,
): Record<string, string> {
  const visible = Object.entries(kind.fields).filter(([, field]) => field.visible === true)
  const known = [
    ...Object.keys(provider.variables ?? {}),
    ...Object.keys(kind.inputs),
    ...visible.map(([name]) => name),
  ]
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      const name = pair.slice(0, Math.max(equals, 0))
      if (known.includes(name)) return [name, pair.slice(equals + 1)] as const
      throw usage(
        Object.hasOwn(kind.fields, name)
          ? `--set: ${name} is a secret and is never taken as an argument`
          : `--set: ${provider.title} has no such value`,
        known.length === 0
          ? 'leave out --set'
          : `it takes ${known.map((one) => `${one}=…`).join(', ')}`,
      )
    }),
  )
}

interface Gathered {
  readonly title: string
  readonly words?: string | undefined
  readonly example: string
  readonly default?: string | undefined
  readonly optional?: boolean | undefined
  readonly choices?: readonly string[] | undefined
}

async function gather(
  wanted: Readonly<Record<string, Gathered>>,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const [name, one] of Object.entries(wanted)) {
    const value = given[name] ?? one.default
    if (value !== undefined) values[name] = value
    else if (one.optional !== true) values[name] = await askFor(name, one)
  }
  return values
}

async function askFor(name: string, { title, words, example, choices }: Gathered): Promise<string> {
  const option = `--set ${name}=${example}`
  if (words !== undefined && isInteractive()) note(words)
  const hint = choices === undefined ? `such as ${example}` : choices.join(', ')
  return ask(`${title} (${hint})`, option)
}

function explain(provider: Provider, kind: ProviderKind, fill: (url: string) => string): void {
  note(`${provider.title}: ${kind.title}`)
  if (kind.advice !== undefined) note(kind.advice)
  for (const { where } of Object.values(kind.fields)) {
    if (where) note(`${where.words} ${fill(where.url)}`)
  }
}

function choose(provider: Provider, options: AddOptions, issuer: string): ConnectionPlan['policy'] {
  const { allow, operations, resources = ['direct'] } = options
  if (allow === undefined && operations === undefined) return policyOf(options, issuer)
  if (options.methods !== undefined || options.paths !== undefined) {
    throw usage('--allow and --operations stand for --methods and --paths', 'give one or the other')
  }
  if (allow !== undefined && operations !== undefined) {
    throw usage('--allow and --operations exclude each other', 'give one of them')
  }
  const named = policyOf({ resources }, issuer)?.resources ?? []
  const choice: PolicyChoice =
    operations !== undefined
      ? { preset: 'operations', operations, resources: named }
      : allow === 'read'
        ? { preset: 'read', resources: named }
        : { preset: 'none' }
  if (choice.preset === 'none') return undefined
  const { policy, also } = choosePolicy(provider, choice)
  if (also.length > 0) {
    note(`Methods and paths combine: this also allows ${also.map(({ name }) => name).join(', ')}.`)
    note('See the policy with `holdfast connections show`.')
  }
  return policy
}
