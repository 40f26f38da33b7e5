import { type ConnectionPolicy, connectionPolicySchema } from '@holdfast/protocol'
import type { Command } from 'commander'
import { usage } from '../errors.ts'
import { commaList } from './repeat.ts'

/** The options that say what a connection may be used for. */
export interface PolicyOptions {
  readonly methods?: readonly string[]
  readonly paths?: readonly string[]
  readonly resources?: readonly string[]
}

/** Adds `--methods`, `--paths` and `--resources`. */
export function addPolicyOptions(command: Command): Command {
  return command
    .option(
      '--methods <list>',
      'HTTP methods that may be used, such as GET,POST; * for all',
      commaList,
    )
    .option('--paths <list>', "path patterns, such as /user,'/repos/**'; '/**' for all", commaList)
    .option(
      '--resources <list>',
      'MCP servers (URIs) that may use it; * for all; `direct` for your own `holdfast call`',
      commaList,
    )
}

const examples = {
  methods: '--methods GET',
  paths: "--paths '/user,/repos/**'",
  resources: '--resources direct for your own calls',
} as const

const lists = ['methods', 'paths', 'resources'] as const

/**
 * Holds that a policy is given as a whole or not at all: any part alone would allow nothing.
 *
 * @param known - lists that may come from elsewhere
 * @throws CliError that names what is missing
 */
export function requireWholePolicy(
  options: PolicyOptions,
  known: readonly (keyof PolicyOptions)[] = [],
): void {
  const missing = lists.filter(
    (list) => !known.includes(list) && (options[list] ?? []).length === 0,
  )
  const isAbsent = lists.every((list) => options[list] === undefined)
  if (isAbsent || missing.length === 0) return
  const names = missing.map((list) => `--${list}`).join(' and ')
  throw usage(
    `${names} ${missing.length === 1 ? 'is' : 'are'} missing: nothing could use the connection`,
    `add ${missing.map((list) => examples[list]).join(' ')}`,
  )
}

/**
 * The policy that the options spell; undefined when none was given.
 *
 * @throws CliError for a malformed entry
 */
export function policyOf(options: PolicyOptions, issuer: string): ConnectionPolicy | undefined {
  const { methods, paths, resources } = options
  if (methods === undefined && paths === undefined && resources === undefined) return undefined
  const stray = resources?.find((uri) => !['*', 'direct'].includes(uri) && !URL.canParse(uri))
  if (stray !== undefined) {
    throw usage(
      '--resources: an entry is neither a URI nor `direct` nor *',
      'for example --resources direct,http://localhost:8000/mcp; `holdfast resources list` shows them',
    )
  }
  const parsed = connectionPolicySchema.safeParse({
    methods: (methods ?? []).map((method) => method.toUpperCase()),
    paths: paths ?? [],
    resources: (resources ?? []).map((uri) => (uri === 'direct' ? `${issuer}/dispatch` : uri)),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw usage(
    `--${String(issue?.path[0] ?? 'methods')}: ${issue?.message}`,
    "for example --methods GET --paths '/user,/repos/**' --resources direct",
  )
}
