/** Sends one client everywhere and judges by what the servers saw, not by what the client says. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cell, Column, Errand, Introduction, Surroundings, ZooClient } from './columns.ts'
import type { NotesServer } from './lab/notes-server.ts'
import type { Exchange, Observer } from './lab/observer.ts'

/** The laboratory as a visit sees it. */
export interface Laboratory {
  readonly around: Surroundings
  readonly observer: Observer
  /** Takes bound and bearer tokens. */
  readonly open: NotesServer
  /** Takes bound tokens only. */
  readonly strict: NotesServer
  /** Where clients get their folders. */
  readonly homes: string
}

/** Results so far, and what is left until the tokens have expired. */
export interface Visit {
  readonly client: ZooClient
  readonly cells: Partial<Record<Column, Cell>>
  /** Comes back with a token that has expired. */
  readonly comeBack: () => Promise<void>
}

const isTokenRequest =
  (grant: string) =>
  ({ url, form, status }: Exchange): boolean =>
    ['/oauth2/token', '/token'].includes(url.pathname) &&
    form.get('grant_type') === grant &&
    status === 200

const isAuthorization = ({ url }: Exchange): boolean => url.pathname === '/oauth2/auth'

const scopesAsked = (exchanges: readonly Exchange[]): string =>
  exchanges
    .filter(isAuthorization)
    .map(({ url }) => url.searchParams.get('scope') ?? '')
    .join(' ')

function require(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise)
}

/** Shortens what a client printed to what fits under a table. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 400)

/** Does all that needs no waiting. */
export async function visit(client: ZooClient, lab: Laboratory): Promise<Visit> {
  const documentUrl = client.documentUrl ?? lab.around.documentUrl
  const cells: Partial<Record<Column, Cell>> = {}
  const attempt = async (column: Column, probe: () => Promise<void>): Promise<void> => {
    try {
      await probe()
      cells[column] = { outcome: 'pass' }
    } catch (error) {
      cells[column] = { outcome: 'fail', reason: reasonOf(error) }
    }
  }
  const home = (): Promise<string> => mkdtemp(join(lab.homes, 'home-'))
  const call = async (
    server: NotesServer,
    tool: Errand['tool'],
    introduction: Introduction,
    at: string,
  ): Promise<readonly Exchange[]> => {
    const before = lab.observer.exchanges.length
    const text = await client.call({ server: server.url, tool, introduction, home: at }, lab.around)
    require(/(you are|written for) usr_/.test(text), `the tool answered ${text}`)
    return lab.observer.exchanges.slice(before)
  }

  const started = lab.observer.exchanges.length
  const homes = { CIMD: await home(), DCR: await home() }
  const signIn = async (introduction: Introduction): Promise<void> => {
    const before = { exchanges: lab.observer.exchanges.length, seen: lab.open.seen.length }
    await attempt(introduction, async () => {
      const exchanges = await call(lab.open, 'whoami', introduction, homes[introduction])
      const id = exchanges.find(isAuthorization)?.url.searchParams.get('client_id') ?? ''
      const expected = introduction === 'CIMD' ? id === documentUrl : id.startsWith('dcr_')
      require(expected, `it introduced itself as ${id}`)
    })
    const exchanges = lab.observer.exchanges.slice(before.exchanges)
    const seen = lab.open.seen.slice(before.seen)
    const found = {
      discover:
        seen.some((line) => line.includes('/.well-known/oauth-protected-resource')) &&
        exchanges.some(({ url }) => url.pathname.startsWith('/.well-known/o')),
      'sign in': exchanges.some(isTokenRequest('authorization_code')),
      'call a tool': cells[introduction]?.outcome === 'pass',
    }
    for (const [column, passed] of Object.entries(found) as [Column, boolean][]) {
      const reason = cells[introduction]?.reason ?? 'the servers did not see it'
      if (passed) cells[column] = { outcome: 'pass' }
      else cells[column] ??= { outcome: 'fail', reason }
    }
  }
  for (const introduction of client.introductions) await signIn(introduction)
  const used = client.introductions.at(-1) ?? 'DCR'

  const before = scopesAsked(lab.observer.exchanges.slice(started))
  await attempt('step-up', async () => {
    const exchanges = await call(lab.open, 'write-note', used, homes[used])
    const wantedAll = before.includes('notes:write')
    require(wantedAll ||
      scopesAsked(exchanges).includes('notes:write'), 'it did not ask the person for more')
  })
  if (before.includes('notes:write') && cells['step-up']?.outcome === 'pass') {
    cells['step-up'] = { outcome: 'n.a.', reason: 'took every scope at the first sign-in' }
  }

  const proves = async (): Promise<void> => {
    await call(lab.strict, 'whoami', used, await home())
    require(lab.strict.seen.some((line) => line === 'POST /mcp DPoP 200'), 'no proof arrived')
  }
  const isRefused = async (): Promise<void> => {
    const before = lab.observer.exchanges.length
    const error: unknown = await call(lab.strict, 'whoami', used, await home()).catch(
      (reason: unknown) => reason,
    )
    require(error instanceof Error, 'a bearer token was good enough')
    const refusal = lab.observer.exchanges
      .slice(before)
      .find(({ status, answer }) => status === 400 && answer.includes('invalid_dpop_proof'))
    require(refusal !== undefined, `it was not told why: ${reasonOf(error)}`)
  }
  await attempt('DPoP', client.canProve ? proves : isRefused)
  if (!client.canProve && cells.DPoP?.outcome === 'pass') {
    cells.DPoP = { outcome: 'n.a.', reason: 'bearer only; refused with the reason where required' }
  }
  for (const introduction of ['CIMD', 'DCR'] as const) {
    cells[introduction] ??= { outcome: 'n.a.', reason: client.known[introduction]?.reason }
  }

  return {
    client,
    cells,
    comeBack: () =>
      attempt('refresh', async () => {
        const exchanges = await call(lab.open, 'whoami', used, homes[used])
        require(exchanges.some(isTokenRequest('refresh_token')), 'it did not refresh')
        require(!exchanges.some(isAuthorization), 'it bothered the person')
      }),
  }
}
