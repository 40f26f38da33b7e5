import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { AddedProvider } from '../catalog.ts'
import { ProviderError } from '../errors.ts'
import { lintProvider } from '../lint.ts'
import { type Provider, providerSchema } from '../schema.ts'

const maxFileBytes = 262_144
const maxFiles = 500

/**
 * An operator's own providers: one per `.yaml` or `.yml` file of a folder, in the order of their
 * names. A file may say `override: true` to take the place of a built-in provider.
 *
 * @throws ProviderError `INVALID_PROVIDER_FILE` that names file, line and fix
 */
export function readProviderFiles(folder: string): readonly AddedProvider[] {
  const names = listFolder(folder).filter((name) => /\.ya?ml$/.test(name))
  if (names.length > maxFiles) {
    throw refuse(folder, undefined, `it holds more than ${maxFiles} files`, 'split the folder')
  }
  const added = names.sort().map((name) => readProviderFile(path.join(folder, name)))
  for (const [index, { provider }] of added.entries()) {
    const first = added.findIndex((other) => other.provider.name === provider.name)
    if (first === index) continue
    const file = path.join(folder, names[index] ?? '')
    throw refuse(file, undefined, `${names[first]} has the name ${provider.name} too`, 'rename one')
  }
  return added
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'is not readable'
    throw refuse(
      folder,
      undefined,
      `the folder ${why}`,
      'create it, or change HOLDFAST_PROVIDERS_DIR',
    )
  }
}

function readProviderFile(file: string): AddedProvider {
  if (statSync(file).size > maxFileBytes) {
    throw refuse(
      file,
      undefined,
      `it is larger than ${maxFileBytes} bytes`,
      'one provider per file',
    )
  }
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, schema: 'core' })
  const [broken] = document.errors
  if (broken) {
    const [what = ''] = broken.message.split('\n')
    throw refuse(file, broken.linePos?.[0].line, `it is not YAML: ${what}`, 'correct the line')
  }
  const lineOf = (at: readonly PropertyKey[]): number | undefined => {
    for (let length = at.length; length > 0; length--) {
      const node = document.getIn(at.slice(0, length), true) as { range?: [number] } | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  if (!isMap(document.contents)) {
    throw refuse(file, 1, 'it holds no provider', 'start with `name:`; see docs/providers.md')
  }
  const { override, ...data } = toPlain(file, document) as Record<string, unknown>
  if (override !== undefined && typeof override !== 'boolean') {
    throw refuse(file, lineOf(['override']), 'override is true or false', 'write `override: true`')
  }
  const parsed = providerSchema.safeParse(data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const at = issue?.path ?? []
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    const line =
      lineOf(unknown === undefined ? at : [...at, unknown]) ?? keyLine(document, lines, at)
    const where = [...at, ...(unknown === undefined ? [] : [unknown])].join('.')
    const what = unknown === undefined ? issue?.message : 'there is no such field'
    throw refuse(file, line, `${where || 'the provider'}: ${what}`, fixFor(where, unknown))
  }
  refuseLint(file, parsed.data)
  return { provider: parsed.data, override }
}

function toPlain(file: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    // Aliases could make a small file huge, and a provider needs none.
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    throw refuse(file, undefined, 'it uses YAML aliases', 'write the values out')
  }
}

function keyLine(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  at: readonly PropertyKey[],
): number | undefined {
  const parent = at.length <= 1 ? document.contents : document.getIn(at.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const key = parent.items
    .map(({ key }) => key)
    .find((key) => isScalar(key) && key.value === at.at(-1))
  return isScalar(key) && key.range ? lines.linePos(key.range[0]).line : undefined
}

const fixFor = (where: string, unknown: string | undefined): string =>
  unknown === undefined
    ? `correct ${where || 'the file'}; \`holdfast providers show github --json\` is an example`
    : 'remove it or correct its name; docs/providers.md lists the fields'

function refuseLint(file: string, provider: Provider): void {
  const [first] = lintProvider(provider)
  if (first) throw refuse(file, undefined, first.problem, 'correct it; see docs/providers.md')
}

const refuse = (file: string, line: number | undefined, why: string, fix: string): ProviderError =>
  new ProviderError(
    'INVALID_PROVIDER_FILE',
    `${file}${line === undefined ? '' : `, line ${line}`}: ${why}`,
    fix,
  )
