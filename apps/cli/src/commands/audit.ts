import type { Client } from '@holdfast/client'
import type { AuditRecord } from '@holdfast/protocol/audit'
import { Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, paint, print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showList } from './show.ts'
import { wholeNumber } from './whole-number.ts'

const verifyHelp = `
Checks every record against its hash, its predecessor and the heads that the enclave signed, with the
identity that this profile pinned. Finds a changed, deleted, reordered or cut-off record and names
the first bad one. Exits with 9 then.

Examples:
  $ holdfast audit verify
  $ holdfast audit export > audit.jsonl
  $ holdfast audit verify --file audit.jsonl --identity <base64url>`

const listHelp = `
Examples:
  $ holdfast audit list --limit 20
  $ holdfast audit list --after 100 --limit 20
  $ holdfast audit list --from-start`

interface ListOptions {
  readonly limit: number
  readonly after?: number
  readonly fromStart?: boolean
}

/** `holdfast audit` */
export function auditCommand(): Command {
  const audit = new Command('audit')
  audit
    .command('list')
    .alias('ls')
    .description('list the newest records')
    .option('--limit <count>', 'at most so many, up to 200', wholeNumber(1, 200), 50)
    .option(
      '--after <seq>',
      'the first ones behind this record instead',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(new Option('--from-start', 'the oldest ones instead').conflicts('after'))
    .addHelpText('after', listHelp)
    .action(list)
  audit
    .command('export')
    .description('print the whole log as JSON lines, with its signed heads first')
    .addHelpText('after', '\nExample:\n  $ holdfast audit export > audit.jsonl')
    .action(async (_options, command: Command) => {
      const { exportAudit } = await import('../audit/export.ts')
      const { client } = await openClient(command)
      for await (const line of exportAudit(client)) print(line)
    })
  audit
    .command('verify')
    .description('verify the log')
    .option('--file <export>', 'verify an exported file instead of the server')
    .option('--identity <key>', "the enclave's identity key (default: the pinned one)", identityKey)
    .addHelpText('after', verifyHelp)
    .action(verify)
  return audit
}

/** Any other text would verify nothing, which looks like a forged log. */
function identityKey(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text
  throw new InvalidArgumentError('It must be 43 characters of base64url.')
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const { client } = await openClient(command)
  const { limit } = options
  const after = options.fromStart ? 0 : (options.after ?? (await beforeNewest(client, limit)))
  const columns = ['seq', 'time', 'type', 'outcome', 'actor', 'client', 'connection'] as const
  return showList(
    command,
    await client.audit.list({ after, limit }),
    [...columns, ['detail', detailOf]],
    'No records.',
  )
}

/** What was done, and why it was refused; all else that is on record is in `--json`. */
const detailOf = ({ detail }: AuditRecord): string =>
  ['code', 'error', 'reason', 'status', 'method', 'path']
    .flatMap((name) => detail?.[name] ?? [])
    .join(' ')

/** The record behind which the newest ones begin: the API pages forward only. */
async function beforeNewest({ audit }: Client, limit: number): Promise<number> {
  const { latest } = await audit.head()
  return Math.max(0, latest.seq - limit)
}

async function verify(
  options: { file?: string; identity?: string },
  command: Command,
): Promise<void> {
  const { verifyExport, verifyOnline } = await import('../audit/verify.ts')
  const { client, store } = await openClient(command)
  const trusted =
    options.identity === undefined ? await pinnedIdentities(store) : [options.identity]
  const verdict =
    options.file === undefined
      ? await verifyOnline(client, trusted)
      : await verifyExport(options.file, trusted)
  if (wantsJson(command)) printJson(verdict)
  else if (verdict.ok) {
    print(`${paint('green', '✓')} ${verdict.records} records intact, head ${verdict.head.hash}`)
    if (verdict.unknownHeads > 0) {
      note(
        `${verdict.unknownHeads} older heads are signed by identities that this profile never pinned`,
      )
    }
  } else {
    const until = verdict.until === undefined ? '' : ` to ${verdict.until}`
    print(
      `${paint('red', '✗')} ${verdict.problem} at record ${verdict.seq}${until}: ${verdict.message}`,
    )
  }
  if (!verdict.ok) process.exitCode = exitCodes.checkFailed
}

async function pinnedIdentities(
  store: Awaited<ReturnType<typeof openClient>>['store'],
): Promise<readonly string[]> {
  const pin = (await store.load())?.pin
  if (pin !== undefined) return [pin.identity, ...(pin.former ?? [])]
  throw new CliError('this profile has not pinned an enclave identity', {
    exitCode: exitCodes.usage,
    code: 'NO_IDENTITY',
    fix: 'sign in first, or give --identity',
  })
}
