import { DatabaseSync } from 'node:sqlite'
import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import {
  type Finding,
  findInBytes,
  findInFolder,
  findInProcess,
  folderBytes,
  needlesOf,
} from '@holdfast/test/canary'
import type { MainJob } from '@holdfast/test/main-job'
import { request } from 'undici'
import type { AttackOutcome } from './narrator.ts'

/** An attempt to steal or misuse the credential. */
export interface Attack {
  readonly name: string
  run(job: MainJob): Promise<AttackOutcome>
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`

const outcomeOf = (findings: readonly Finding[], searched: readonly string[]): AttackOutcome => ({
  held: findings.length === 0,
  evidence: [
    ...searched,
    ...(findings.length === 0
      ? ['the key is nowhere, neither as it is nor in any encoding']
      : findings.map(({ where, form }) => `THE KEY is there, as ${form}, in ${where}`)),
  ],
})

const readDatabase: Attack = {
  name: "Read every file of the server: database, logs, even the server's own keys",
  run: async ({ stack, secret }) =>
    outcomeOf(findInFolder(stack.dataDir, needlesOf(secret)), [
      `searched ${megabytes(folderBytes(stack.dataDir))} of files`,
    ]),
}

const readMemory: Attack = {
  name: 'Read the memory, arguments and environment of every process but the enclave',
  run: async ({ stack, secret, mcpServerPid }) => {
    const { processes, pid } = await stack.report()
    const targets = [
      ...processes.filter(({ name }) => name !== 'enclave'),
      { name: 'supervisor', pid },
      { name: 'MCP server', pid: mcpServerPid },
    ]
    const findings: Finding[] = []
    const searched: string[] = []
    for (const target of targets) {
      try {
        findings.push(...findInProcess(target.name, target.pid ?? 0, needlesOf(secret)))
        searched.push(`searched the ${target.name} (process ${target.pid})`)
      } catch (error) {
        // Another user's process, or one that made itself unreadable: the attack ends here.
        searched.push(
          `the ${target.name} cannot even be read (${(error as NodeJS.ErrnoException).code})`,
        )
      }
    }
    // A search that could not find the key would prove nothing.
    const control = findInProcess('this process', process.pid, needlesOf(secret)).length > 0
    const outcome = outcomeOf(findings, searched)
    return {
      held: outcome.held && control,
      evidence: [
        ...outcome.evidence,
        `to show that the search works: it ${control ? 'finds' : 'DOES NOT FIND'} the key in this process, which sealed it`,
      ],
    }
  },
}

const replayToken: Attack = {
  name: "Steal the agent's access token and use it without the agent's private key",
  run: async ({ session, resource, stack }) => {
    const token = session.accessToken()
    const thief = await generateDpopKey()
    const ownProof = await createDpopProof({
      key: thief,
      method: 'POST',
      url: resource,
      accessToken: token,
    })
    const dispatchUrl = `${stack.issuer}/dispatch`
    const tries: readonly [string, string, Record<string, string>][] = [
      ['alone, as a bearer token', resource, { authorization: `Bearer ${token}` }],
      [
        "with a proof signed by the thief's own key",
        resource,
        { authorization: `DPoP ${token}`, dpop: ownProof },
      ],
      [
        "with one of the agent's proofs, copied from the wire",
        resource,
        { authorization: `DPoP ${token}`, dpop: session.lastProof() },
      ],
      [
        'at Holdfast itself instead of the MCP server',
        dispatchUrl,
        { authorization: `Bearer ${token}` },
      ],
    ]
    const outcomes = await Promise.all(
      tries.map(async ([how, url, headers]) => ({ how, status: await post(url, headers) })),
    )
    return {
      held: outcomes.every(({ status }) => status === 401),
      evidence: outcomes.map(
        ({ how, status }) =>
          `${how}: ${status === 401 ? 'refused' : 'NOT REFUSED'} (HTTP ${status})`,
      ),
    }
  },
}

const useForeignHandle: Attack = {
  name: "Use Ada's handle from the account of somebody else, Mallory",
  run: async ({ mallory, handle, upstream }) => {
    const before = upstream.seen.length
    const shown = await mallory.attempt(['connections', 'show', handle])
    const allowed = await mallory.attempt(['connections', 'allow', handle, '--methods', '*'])
    const own = await mallory.run<{ handle: string }>(
      [
        ...['connections', 'add', 'demo-api', '--base-url', upstream.url, '--secret-stdin'],
        ...['--methods', 'GET', '--paths', '/**', '--resources', 'direct'],
      ],
      'a-key-of-mallory\n',
    )
    await mallory.login('--dispatch')
    const called = await mallory.attempt(['call', handle, 'GET', '/user'])
    const control = await mallory.attempt(['call', own.handle, 'GET', '/user'])
    const reached = upstream.seen.slice(before).filter(({ authorized }) => authorized).length
    return {
      held: shown.code === 5 && allowed.code === 5 && called.code !== 0 && reached === 0,
      evidence: [
        `look at it: ${said(shown.code, 'not found')}; widen what it may do: ${said(allowed.code, 'not found')}`,
        `call the API with it: ${said(called.code, 'refused')}, because her sign-in does not include it`,
        `to show that her account works: she calls with a handle of her own, ${said(control.code, 'refused')}`,
      ],
    }
  },
}

const repointHost: Attack = {
  name: "Have the key sent to another host, the attacker's",
  run: async ({ stack, session, handle, evil, upstream, ada }) => {
    const edits = {
      base_url: "change the API's address in the database",
      allowed_hosts: 'change the list of allowed hosts in the database',
      both: 'change both',
    } as const
    const database = (await stack.report()).paths.database
    const answers: string[] = []
    for (const edit of ['base_url', 'allowed_hosts', 'both'] as const) {
      const restore = rewriteConnection(database, handle, edit, evil.url)
      answers.push((await session.callTool('whoami')).text)
      restore()
    }
    await ada.login('--dispatch')
    const paths = ['//evil.example/user', '/\\evil.example/user', '/user/../../x', '/%2e%2e/x']
    const reachedBefore = upstream.seen.length
    const byPath: number[] = []
    for (const path of paths) byPath.push((await ada.attempt(['call', handle, 'GET', path])).code)
    const reached = upstream.seen.length - reachedBefore
    const works = await session.callTool('whoami')
    // A changed base URL alone is ignored: the sealed one counts. Changed hosts do not open.
    const stolen = evil.seen.length
    return {
      held: stolen === 0 && reached === 0 && !byPath.includes(0) && !works.isError,
      evidence: [
        ...Object.values(edits).map((edit, index) => `${edit}: ${repointed(answers[index] ?? '')}`),
        `call paths that hide a host or climb out (${paths.join('  ')}): ${reached === 0 ? 'all refused' : `${reached} GOT THROUGH`}`,
        `requests that arrived at the attacker's host: ${stolen}`,
        `with the database repaired the tool ${works.isError ? 'STILL FAILS' : 'works again'}`,
      ],
    }
  },
}

const askForEcho: Attack = {
  name: 'Ask the API to repeat the key in its answer',
  run: async ({ ada, handle, secret, upstream }) => {
    const before = upstream.seen.length
    const { code, stdout, stderr } = await ada.attempt(['call', handle, 'GET', '/echo-headers'])
    const echoed = upstream.seen.slice(before).some(({ authorized }) => authorized)
    const findings = findInBytes('the answer', Buffer.from(stdout + stderr), needlesOf(secret))
    const redacted = stdout.split('redacted').length - 1
    return {
      held: code === 0 && echoed && findings.length === 0 && redacted > 0,
      evidence: [
        `the API was called with the key and repeated it in its answer, in many encodings`,
        `the enclave blanked out all ${redacted} places before the answer left it`,
        ...findings.map(({ form }) => `the answer still holds it as ${form}`),
      ],
    }
  },
}

const readWires: Attack = {
  name: 'Listen on every wire between agent, MCP server, terminal and Holdfast',
  run: async ({ taps, secret }) => {
    const captured = Buffer.concat(taps.map((tap) => tap.captured()))
    return outcomeOf(findInBytes('the wire', captured, needlesOf(secret)), [
      `searched ${megabytes(captured.length)} of traffic, in both directions`,
    ])
  },
}

const coverTracks: Attack = {
  name: 'Cover the tracks: change a record of the audit log',
  run: async ({ ada, stack }) => {
    const clean = await ada.attempt(['audit', 'verify'])
    const restore = rewriteAudit((await stack.report()).paths.database)
    const edited = await ada.attempt(['audit', 'verify'])
    restore()
    const named = /"seq":\s*(\d+)/.exec(edited.stdout)?.[1]
    return {
      held: clean.code === 0 && edited.code === 9,
      evidence: [
        `“audit verify” before: ${clean.code === 0 ? 'intact' : 'BROKEN'}; after one record was changed: ${edited.code === 9 ? `broken, at record ${named}` : 'NOT NOTICED'}`,
      ],
    }
  },
}

/** All attacks, in the order in which they are tried. The wires come last, to hold everything. */
export const attacks: readonly Attack[] = [
  readDatabase,
  readMemory,
  replayToken,
  useForeignHandle,
  repointHost,
  askForEcho,
  coverTracks,
  readWires,
]

async function post(url: string, headers: Record<string, string>): Promise<number> {
  const answer = await request(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  })
  await answer.body.dump()
  return answer.statusCode
}

/** Edits a connection behind the server's back and returns how to undo it. */
function rewriteConnection(
  file: string,
  handle: string,
  edit: 'base_url' | 'allowed_hosts' | 'both',
  evilUrl: string,
): () => void {
  const database = new DatabaseSync(file)
  const row = database
    .prepare('select base_url, allowed_hosts from connections where handle = ?')
    .get(handle) as { base_url: string; allowed_hosts: string }
  const write = database.prepare(
    'update connections set base_url = ?, allowed_hosts = ? where handle = ?',
  )
  const hosts = JSON.stringify([new URL(evilUrl).host])
  write.run(
    edit === 'allowed_hosts' ? row.base_url : evilUrl,
    edit === 'base_url' ? row.allowed_hosts : hosts,
    handle,
  )
  return () => {
    write.run(row.base_url, row.allowed_hosts, handle)
    database.close()
  }
}

/** Changes what one audit record says and returns how to undo it. */
function rewriteAudit(file: string): () => void {
  const database = new DatabaseSync(file)
  const triggers = database
    .prepare("select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'audit'")
    .all() as { name: string; sql: string }[]
  for (const { name } of triggers) database.exec(`drop trigger ${name}`)
  const row = database.prepare("select seq, actor from audit where type = 'dispatch'").get() as {
    seq: number
    actor: string
  }
  const write = database.prepare('update audit set actor = ? where seq = ?')
  write.run('usr_somebody_else', row.seq)
  return () => {
    write.run(row.actor, row.seq)
    for (const { sql } of triggers) database.exec(sql)
    database.close()
  }
}

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text)

/** What a command said, by its exit code. */
const said = (code: number, failure: string): string =>
  code === 0 ? 'it works' : `“${failure}” (exit code ${code})`

/** What became of a call after the database was changed. */
function repointed(answer: string): string {
  if (answer.includes('DECRYPTION_FAILED')) return 'the enclave refuses to open the changed record'
  if (answer.includes('"octo"')) return 'no effect, the address that was sealed with the key counts'
  return short(answer)
}
