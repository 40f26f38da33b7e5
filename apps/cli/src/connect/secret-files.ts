import { readFileSync } from 'node:fs'
import { usage } from '../errors.ts'

const maxFileBytes = 16_384

/**
 * Reads `field=path` options: secret fields that lie in files, such as a certificate and its key.
 *
 * @throws CliError for an unknown field or a file that cannot be read; never with its content
 */
export function readSecretFiles(
  given: readonly string[],
  fields: readonly string[],
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const option of given) {
    const equals = option.indexOf('=')
    const name = option.slice(0, Math.max(equals, 0))
    if (!fields.includes(name)) {
      throw usage('--secret-file names no field of this kind', `give one of ${fields.join(', ')}`)
    }
    values[name] = readText(name, option.slice(equals + 1))
  }
  return values
}

function readText(name: string, path: string): string {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw usage(`the file for ${name} cannot be read`, 'check its path and its permissions')
  }
  if (text !== '' && text.length <= maxFileBytes) return text
  throw usage(`the file for ${name} is empty or too large`, `give a file of at most 16 KiB`)
}
