import { connectionPolicySchema, parseBaseUrl, pathMatches } from '@holdfast/protocol'
import { fillTemplate, matchBaseUrl, resolveBaseUrl } from './base-url.ts'
import { ProviderError } from './errors.ts'
import { matchesPattern, samplePattern } from './key-pattern.ts'
import { toOAuthApp, toReservation } from './reservation.ts'
import type { Provider } from './schema.ts'

/** Something that is wrong with a provider. */
export interface LintProblem {
  readonly provider: string
  readonly problem: string
}

/** The values that the provider itself gives as examples. */
export const exampleVariables = ({ variables = {} }: Provider): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).map(([name, { example }]) => [name, example]))

/**
 * What the form alone does not say: that examples fit, that hosts are canonical and cannot be moved,
 * that the protocol takes every kind, that a policy can name every operation.
 */
export function lintProvider(provider: Provider): readonly LintProblem[] {
  return [...problems(provider)].map((problem) => ({ provider: provider.name, problem }))
}

function* problems(provider: Provider): Generator<string> {
  const variables = exampleVariables(provider)
  const baseUrl = attempt(() => resolveBaseUrl(provider, variables))
  if (baseUrl.failure !== undefined) {
    yield `base_url with the examples: ${baseUrl.failure}`
    return
  }
  yield* hostProblems(provider, baseUrl.value)
  yield* kindProblems(provider, variables)
  if (provider.identity && /[*]/.test(provider.identity.path)) {
    yield 'identity: the path is one path, without stars'
  }
  const included = provider.identity?.kinds
  const split = provider.kinds.find(
    ({ id, credential }) =>
      included?.includes(id) === false &&
      provider.kinds.some(
        (other) => other.credential.kind === credential.kind && included.includes(other.id),
      ),
  )
  if (split) yield `identity: ${split.id} cannot be told from a kind that is sent alike`
  for (const { name, method, path } of provider.operations ?? []) {
    const policy = { methods: [method], paths: [path], resources: [] }
    if (!connectionPolicySchema.safeParse(policy).success) {
      yield `operation ${name}: no policy can name this path`
    } else if (!path.includes('*') && !pathMatches(path, path)) {
      yield `operation ${name}: its path does not match itself`
    }
  }
  if (provider.checked > new Date().toISOString().slice(0, 10)) yield 'checked lies in the future'
}

/** Values that would move a host, if any could. */
export const hostileValues: readonly string[] = [
  'evil.com#',
  'evil.com/',
  'evil.com',
  'a.b',
  'x@y',
  'user:pass@evil.com',
  'evil.com:443',
  '..',
  '.',
  '',
  ' ',
  'a b',
  'a\tb',
  'a\nb',
  'a%2eb',
  'a%2f..',
  '%65vil',
  'a\\b',
  'a?b',
  'a;b',
  '-a',
  'a-',
  'xn--',
  'ａcme',
  'аcme',
  'acme。evil',
  'acme．evil',
  'İstanbul',
  'ß',
  '\u200bacme',
  'a'.repeat(64),
  'a'.repeat(100_000),
  '[::1]',
  '127.0.0.1',
  '{other}',
  '$&',
]

function* hostProblems(provider: Provider, baseUrl: string): Generator<string> {
  const { variables = {} } = provider
  if (fillTemplate(provider, provider.base_url, exampleVariables(provider)) !== baseUrl) {
    yield 'base_url is not canonical: lower-case host, no slash at its end'
  }
  if (matchBaseUrl(provider, baseUrl) === undefined) {
    yield 'base_url: the account cannot be read back from it'
  }
  const suffix = registrable(provider.base_url)
  const isHostOfChoices = Object.values(variables).some(({ choices }) => choices !== undefined)
  if (suffix === '' && !isHostOfChoices) yield 'base_url: whoever fills it in chooses the host'
  for (const [name, { choices }] of Object.entries(variables)) {
    for (const value of choices ?? hostileValues) {
      const given = { ...exampleVariables(provider), [name]: value }
      const result = attempt(() => resolveBaseUrl(provider, given))
      if (choices !== undefined && result.failure !== undefined) {
        yield `variable ${name}: the choice ${value} is refused`
      }
      if (result.failure !== undefined) continue
      const { host } = parseBaseUrl(result.value)
      if (!host.endsWith(suffix) || host.split('.').length !== expectedLabels(provider, given)) {
        yield `variable ${name}: a value moves the host to ${host.slice(0, 60)}`
      }
    }
  }
}

/** The part of the host behind its last variable. */
function registrable(template: string): string {
  const [host = ''] = template.slice('https://'.length).split('/')
  return (host.split('}').at(-1) ?? '').replace(/:\d+$/, '')
}

function expectedLabels(provider: Provider, given: Record<string, string>): number {
  const [host = ''] = provider.base_url.slice('https://'.length).split('/')
  const filled = host.replaceAll(/\{([^{}]*)\}/g, (_, name: string) =>
    provider.variables?.[name]?.choices === undefined ? 'x' : (given[name] ?? 'x'),
  )
  return filled.split('.').length
}

function* kindProblems(provider: Provider, variables: Record<string, string>): Generator<string> {
  for (const kind of provider.kinds) {
    const details = Object.fromEntries(
      Object.entries(kind.inputs).map(([name, { example }]) => [name, example]),
    )
    const made = attempt(() =>
      kind.credential.kind === 'oauth2'
        ? toOAuthApp(provider, 'client', variables)
        : toReservation(provider, kind, { variables, details }),
    )
    if (made.failure !== undefined) yield `kind ${kind.id}: ${made.failure}`
    for (const [name, { patterns = [], wrong = [], constant }] of Object.entries(kind.fields)) {
      for (const pattern of patterns) {
        if (
          !matchesPattern(
            pattern,
            samplePattern(pattern, () => 0),
          )
        ) {
          yield `kind ${kind.id}, ${name}: nothing fits the pattern ${pattern}`
        }
      }
      const clash = wrong
        .flatMap(({ patterns }) => patterns)
        .find((bad) =>
          patterns.some((pattern) =>
            matchesPattern(
              pattern,
              samplePattern(bad, () => 0),
            ),
          ),
        )
      if (clash !== undefined)
        yield `kind ${kind.id}, ${name}: the wrong pattern ${clash} also fits`
      if (constant !== undefined && patterns.length > 0) {
        yield `kind ${kind.id}, ${name}: a constant needs no pattern`
      }
    }
  }
}

type Attempt<Value> =
  | { readonly value: Value; readonly failure?: undefined }
  | { readonly value?: undefined; readonly failure: string }

function attempt<Value>(work: () => Value): Attempt<Value> {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof ProviderError) return { failure: error.message }
    throw error
  }
}
