import {
  describeKey,
  type KeyFinding,
  type Provider,
  type ProviderField,
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
      throw wrongKey(found.words, where?.url)
    case 'other': {
      const { provider: other, kind } = found.recognized
      throw other.name === provider.name
        ? wrongKey(`this is another kind: ${kind.title}`, undefined, `give --kind ${kind.id}`)
        : wrongKey(
            `this looks like ${other.title} (${kind.title}), not ${provider.title}`,
            undefined,
            `connect it with \`holdfast connections add ${other.name}\`; ${anyKey}`,
          )
    }
    case 'unlike':
      throw wrongKey(
        `this does not look like what ${provider.title} calls: ${title}${rightOne(field)}`,
        where?.url,
      )
  }
}

function rightOne(field: ProviderField): string {
  const shape = describeKey(field)
  return shape === undefined ? '' : `, which ${shape}`
}

const wrongKey = (why: string, url: string | undefined, fix?: string): CliError =>
  new CliError('the key was not sealed and nothing was sent', {
    exitCode: exitCodes.usage,
    code: 'WRONG_KEY',
    why,
    fix: fix ?? (url === undefined || url.includes('{') ? anyKey : `look at ${url}; ${anyKey}`),
  })
