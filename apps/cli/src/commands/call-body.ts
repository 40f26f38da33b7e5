import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { DispatchBody } from '@holdfast/protocol'
import { usage } from '../errors.ts'

/**
 * What `--data` says: JSON where it begins as such, else text.
 *
 * @param data - the body itself, `@file`, or `-` for stdin
 * @param asText - whether it is text in any case
 * @throws CliError `USAGE` for broken JSON, of which nothing is repeated, and a file that cannot be read
 */
export async function readBody(data: string, asText = false): Promise<DispatchBody> {
  const text =
    data === '-' ? await readAll(process.stdin) : data.startsWith('@') ? await fromFile(data) : data
  if (asText || !/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text) as DispatchBody
  } catch (error) {
    // The rest of the parser's words quotes the body.
    const [place] = /at position \d+|unexpected end/i.exec(String(error)) ?? []
    throw usage(
      `the body begins as JSON and is none${place === undefined ? '' : ` (${place.toLowerCase()})`}`,
      'correct it, or send it as text with --text',
    )
  }
}

async function fromFile(data: string): Promise<string> {
  try {
    return await readFile(data.slice(1), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw usage(`${data.slice(1)} cannot be read (${code})`, 'check the path after the @')
  }
}
