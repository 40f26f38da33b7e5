import { parseBaseUrl } from '@holdfast/protocol'
import {
  canonicalBaseUrl,
  type Catalog,
  describeKey,
  type KeyFinding,
  matchBaseUrl,
  type Provider,
  type ProviderField,
  type Recognized,
  recognizeKey,
} from '@holdfast/providers'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

const anyKey = 'if you are sure, give --any-key'

/**
 * Refuses a key that is not the right one. The text never holds any part of the key.
 *
 * @throws CliError `WRONG_KEY`
 */
export function requireKey(provider: Provider, field: ProviderField, found: KeyFinding): void {
  const { title, where } = field
  switch (found.finding) {
    case 'fits':
      return
    case 'wrong':
      throw wrongKey(found.words, lookAt(where?.url))
    case 'other': {
      const { provider: other, kind } = found.recognized
      throw other.name === provider.name
        ? wrongKey(`this is another kind: ${kind.title}`, `give --kind ${kind.id}`)
        : otherKey(found.recognized, provider.title)
    }
    case 'unlike':
      throw wrongKey(
        `this does not look like what ${provider.title} calls: ${title}${rightOne(field)}`,
        lookAt(where?.url),
      )
  }
}

/**
 * Refuses a key of the catalog that would go to a host by hand under another name than its provider's.
 *
 * @throws CliError `WRONG_KEY`
 */
export function requireOwnKey(catalog: Catalog, name: string, baseUrl: string, key: string): void {
  const [recognized] = recognizeKey(catalog, key)
  if (!recognized || recognized.provider.name === name) return
  if (!isAt(recognized.provider, baseUrl)) throw otherKey(recognized, name)
}

function isAt(provider: Provider, baseUrl: string): boolean {
  if (matchBaseUrl(provider, canonicalBaseUrl(baseUrl))) return true
  const { authority } = parseBaseUrl(baseUrl)
  return provider.variables === undefined && parseBaseUrl(provider.base_url).authority === authority
}

const otherKey = ({ provider, kind }: Recognized, wanted: string): CliError =>
  wrongKey(
    `this looks like ${provider.title} (${kind.title}), not ${wanted}`,
    `connect it with \`holdfast connections add ${provider.name}\`; ${anyKey}`,
  )

function rightOne(field: ProviderField): string {
  const shape = describeKey(field)
  return shape === undefined ? '' : `, which ${shape}`
}

const lookAt = (url: string | undefined): string =>
  url === undefined || url.includes('{') ? anyKey : `look at ${url}; ${anyKey}`

/** A key that is not the right one, and what to do; never with any part of it. */
export const wrongKey = (why: string, fix: string): CliError =>
  new CliError('the key was not sealed and nothing was sent', {
    exitCode: exitCodes.usage,
    code: 'WRONG_KEY',
    why,
    fix,
  })
