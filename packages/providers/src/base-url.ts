import { parseBaseUrl, ProtocolError } from '@holdfast/protocol'
import { ProviderError } from './errors.ts'
import { matchesPattern } from './key-pattern.ts'
import type { Provider, ProviderVariable } from './schema.ts'

/** What a person says about their account, by variable name. */
export type Variables = Readonly<Record<string, string>>

// One DNS label (RFC 1035 section 2.3.1), lower-case: no dot, no port, no user, no path can be in it.
const hostPart = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const hostParts =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
const pathPart = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$/

/**
 * A base URL in the one spelling that {@link matchBaseUrl} compares.
 *
 * @throws ProtocolError `INVALID_HOST`
 */
export function canonicalBaseUrl(url: string): string {
  const { authority, basePath } = parseBaseUrl(url)
  return `https://${authority}${basePath}`
}

/**
 * The base URL of one account. A value can never move the host: in the host a variable is exactly
 * one label (or one of the provider's own choices), in the path one segment's part.
 *
 * @throws ProviderError `MISSING_VARIABLE`, `INVALID_VARIABLE`
 */
export function resolveBaseUrl(provider: Provider, given: Variables = {}): string {
  const stray = Object.keys(given).find((name) => !Object.hasOwn(provider.variables ?? {}, name))
  if (stray !== undefined) {
    const known = Object.keys(provider.variables ?? {})
    throw new ProviderError(
      'INVALID_VARIABLE',
      `${provider.title} has no such variable`,
      known.length === 0 ? 'leave it out' : `it has: ${known.join(', ')}`,
    )
  }
  const url = fillTemplate(provider, provider.base_url, given)
  try {
    return canonicalBaseUrl(url)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new ProviderError('INVALID_VARIABLE', error.message, 'check the values', { cause: error })
  }
}

/**
 * Puts the account's values into one of the provider's URLs, such as its token endpoint.
 *
 * @param kept - names that stand for something else and stay
 * @throws ProviderError `MISSING_VARIABLE`, `INVALID_VARIABLE`
 */
export function fillTemplate(
  provider: Provider,
  template: string,
  given: Variables,
  kept: readonly string[] = [],
): string {
  const pathStart = template.indexOf('/', 'https://'.length)
  return template.replaceAll(/\{([^{}]*)\}/g, (slot, name: string, at: number) => {
    if (kept.includes(name)) return slot
    const variable = provider.variables?.[name]
    if (!variable) {
      throw new ProviderError('INVALID_PROVIDER', `{${name}} is not declared`, 'fix the provider')
    }
    return valueOf(provider, name, variable, given[name], pathStart === -1 || at < pathStart)
  })
}

function valueOf(
  provider: Provider,
  name: string,
  variable: ProviderVariable,
  given: string | undefined,
  isInHost: boolean,
): string {
  const value = given ?? variable.default
  if (value === undefined) {
    throw new ProviderError(
      'MISSING_VARIABLE',
      `${provider.title} needs ${name}: ${variable.title}`,
      `give ${name}, for example ${name}=${variable.example}`,
    )
  }
  // Choices come from the catalog and may hold dots; what a person types may not.
  const chosen = variable.choices?.includes(value) ?? false
  const isForm = isInHost ? (chosen ? hostParts : hostPart) : pathPart
  if (
    isForm.test(value) &&
    (variable.choices === undefined || chosen) &&
    (variable.pattern === undefined || matchesPattern(variable.pattern, value))
  ) {
    return value
  }
  throw new ProviderError(
    'INVALID_VARIABLE',
    `${name} is not what ${provider.title} expects: ${variable.title}`,
    variable.choices === undefined
      ? `give it like ${variable.example}, without https:// and without dots`
      : `choose one of: ${variable.choices.join(', ')}`,
  )
}

/**
 * The variables with which a base URL is this provider's, or undefined when it is somebody else's.
 * Decides whether what the catalog says about the provider may be applied to a connection.
 */
export function matchBaseUrl(provider: Provider, baseUrl: string): Variables | undefined {
  const values: Record<string, string> = {}
  const [first = '', ...rest] = provider.base_url.replace(/\/+$/, '').split(/\{[^{}]*\}/)
  const names = [...provider.base_url.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  if (!baseUrl.startsWith(first)) return undefined
  let at = first.length
  for (const [index, literal] of rest.entries()) {
    const name = names[index] ?? ''
    const choices = provider.variables?.[name]?.choices
    const isLast = index === rest.length - 1
    const value =
      choices?.find(
        (choice) =>
          baseUrl.startsWith(choice + literal, at) &&
          (!isLast || at + choice.length + literal.length === baseUrl.length),
      ) ?? baseUrl.slice(at, endOf(baseUrl, at, literal, isLast))
    values[name] = value
    at += value.length + literal.length
  }
  try {
    return resolveBaseUrl(provider, values) === baseUrl ? values : undefined
  } catch (error) {
    if (error instanceof ProviderError) return undefined
    throw error
  }
}

function endOf(text: string, at: number, literal: string, isLast: boolean): number {
  if (isLast) return Math.max(at, text.length - literal.length)
  const found = text.indexOf(literal, at)
  return found === -1 ? text.length : found
}
