/**
 * `npm run test:clients [-- [--extra] [NAME…]]`: real MCP clients and OAuth libraries against a whole Holdfast, by
 * a scripted browser. Exits with 1 when a cell that is expected to pass does not. Bootstrap installs
 * the clients.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { styleText } from 'node:util'
import { type Cell, type Column, columns, type ZooClient } from './columns.ts'
import { type FullLaboratory, openLaboratory, tokenLifeMs } from './lab/laboratory.ts'
import { describeTable, type Row } from './table.ts'
import { type Visit, visit } from './visit.ts'

const extraFlag = '--extra'
const folder = join(import.meta.dirname, 'zoo')

/** The order of the table. */
const order = [
  'sdk-v2',
  'sdk-v1',
  'inspector',
  'mcp-remote',
  'mcporter',
  'bridge',
  'openid-client',
  'oauth4webapi',
]

/** Proprietary or very large ones, which only `--extra` installs. */
const extras = ['claude-code', 'codex']

async function load(wanted: readonly string[]): Promise<readonly ZooClient[]> {
  const files = readdirSync(folder)
  const named = wanted.filter((name) => name !== extraFlag)
  const names =
    named.length > 0 ? named : wanted.includes(extraFlag) ? [...order, ...extras] : order
  const unknown = names.find((name) => !files.includes(`${name}.ts`))
  if (unknown !== undefined)
    throw new Error(`unknown client ${unknown}; there are ${[...order, ...extras].join(', ')}`)
  return Promise.all(
    names.map(async (name) => {
      const module = (await import(join(folder, `${name}.ts`))) as { readonly client: ZooClient }
      return module.client
    }),
  )
}

/** Only a fault of a client that is known may turn out better than expected. */
function meets(client: ZooClient, column: Column, found: Cell | undefined): boolean {
  const withoutProof = column === 'DPoP' && !client.canProve
  const expected = client.known[column]?.outcome ?? (withoutProof ? 'n.a.' : 'pass')
  return found?.outcome === expected || (expected === 'fail' && found?.outcome === 'pass')
}

/** What was measured, with our word for what is known. */
function rowOf({ client, cells }: Visit): Row {
  const cell = (column: Column): Cell => {
    const found = cells[column] ?? { outcome: 'fail', reason: 'not reached' }
    const known = client.known[column]
    return found.outcome === 'fail' && known !== undefined
      ? {
          outcome: known.outcome,
          reason: `known: ${known.reason ?? ''} [${(found.reason ?? '').slice(0, 100)}]`,
        }
      : found
  }
  return Object.fromEntries(columns.map((column) => [column, cell(column)])) as Row
}

/** What a client is an oracle for beside the table; resolves with the number of failures. */
async function checkFurther(client: ZooClient, lab: FullLaboratory): Promise<number> {
  let failed = 0
  for (const [what, check] of Object.entries(client.further ?? {})) {
    try {
      await check(lab.further)
      console.log(`  ${styleText('green', '✓')} ${client.name}: ${what}`)
    } catch (error) {
      failed += 1
      console.log(`  ${styleText('red', '✗')} ${client.name}: ${what}: ${String(error)}`)
    }
  }
  return failed
}

async function main(wanted: readonly string[]): Promise<number> {
  const clients = await load(wanted)
  console.log('Starting a Holdfast and two protected MCP servers.')
  await using lab = await openLaboratory()
  const visits: Visit[] = []
  let failed = 0
  for (const client of clients) {
    console.log(`${client.name}: discovery, registration, sign-in, calls, step-up, proofs`)
    visits.push(await visit(client, lab))
    failed += await checkFurther(client, lab)
  }
  console.log(`Waiting ${tokenLifeMs / 1000} s until every access token has expired.`)
  await wait(tokenLifeMs)
  for (const { client, comeBack } of visits) {
    console.log(`${client.name}: refresh`)
    await comeBack()
  }
  console.log(`\n${describeTable(new Map(visits.map((one) => [one.client.name, rowOf(one)])))}`)
  const wrong = visits.flatMap(({ client, cells }) =>
    columns
      .filter((column) => !meets(client, column, cells[column]))
      .map((column) => `${client.name}, ${column}`),
  )
  for (const { client, cells } of visits) {
    for (const [column, known] of Object.entries(client.known)) {
      const isBetter =
        known.outcome === 'fail' && cells[column as keyof typeof cells]?.outcome === 'pass'
      if (isBetter) console.log(`${client.name}, ${column} passes now: correct what is known of it`)
    }
  }
  if (wrong.length > 0) console.log(`\nnot as expected: ${wrong.join('; ')}`)
  return wrong.length + failed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
