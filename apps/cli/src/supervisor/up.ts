import { createServer } from 'node:net'
import { type Config, type Flags, loadConfig, projectRoot } from '../config.ts'
import { ownProviders } from '../connect/load-catalog.ts'
import { CliError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { note, print } from '../output.ts'
import { announce, announcement, setupLinkText } from './announce.ts'
import { meetsFloor } from './isolation.ts'
import type { ProcessName, Role } from './layout.ts'
import { processesOf } from './layout.ts'
import { requireUnlocked } from './lock.ts'
import { closeOwnMemory, forbidCoreDumps } from './own-memory.ts'
import { listenForStop } from './signals.ts'
import { Supervisor } from './supervisor.ts'

/** Runs until it is told to stop; resolves with the exit code. */
export async function up(options: {
  readonly flags: Flags
  readonly role: Role
  readonly json: boolean
}): Promise<ExitCode> {
  forbidCoreDumps()
  closeOwnMemory()
  const { config, given } = loadConfig(options.flags)
  ownProviders(config)
  const stopRequest = listenForStop()
  let setupLink: string | undefined
  let announced = false
  const supervisor: Supervisor = new Supervisor({
    config,
    role: options.role,
    root: projectRoot,
    onEvent: (_name, event) => {
      if (event.event !== 'setup_link' || typeof event['url'] !== 'string') return
      setupLink = event['url']
      if (announced) print(setupLinkText(setupLink, options.json))
    },
    onChange: () => {
      if (announced && !options.json) tellChanges(supervisor, told)
    },
  })
  // Of two reasons to refuse, that Holdfast already runs here is the one that helps.
  requireUnlocked(supervisor.layout.lockFile)
  if (processesOf(options.role).includes('authorization-server')) await requireFreePort(config)
  const told = new Map<ProcessName, string>()
  void stopRequest.second.then(() => {
    supervisor.kill()
    process.exit(exitCodes.interrupted)
  })
  try {
    const started = supervisor.start()
    const interrupted = await Promise.race([
      started.then(() => false),
      stopRequest.first.then(() => true),
    ])
    if (!interrupted) {
      requireRunning(supervisor)
      announced = true
      announce(announcement(supervisor.report, config, setupLink, given), options.json)
      tellChanges(supervisor, told)
      await stopRequest.first
    }
    if (!options.json) note('Stopping …')
    return exitCodes.ok
  } finally {
    await supervisor.stop()
  }
}

/** @throws CliError when a process refuses to run */
function requireRunning(supervisor: Supervisor): void {
  const { processes, isolation } = supervisor.report
  const refused = processes.find(({ state }) => state === 'refused')
  if (refused === undefined) return
  if (refused.name === 'enclave' && isolation !== null && !meetsFloor(isolation)) {
    const fix = `start as root where that is missing (docs/isolation.md), or accept less: HOLDFAST_ENCLAVE_MIN_ISOLATION=${isolation.level}`
    throw new CliError(
      `the enclave reached isolation "${isolation.level}", the floor is "${isolation.floor}"; it gets no keys`,
      {
        exitCode: exitCodes.checkFailed,
        code: 'ISOLATION_BELOW_FLOOR',
        why: firstReasons(isolation.reasons),
        fix,
      },
    )
  }
  throw new CliError(`${refused.name} refuses its configuration`, {
    exitCode: exitCodes.usage,
    code: 'CONFIG_REFUSED',
    why: supervisor.lastWords(refused.name),
    fix: `see ${refused.log}`,
  })
}

/** Without a sandbox nearly every attack succeeds: the first few say enough. */
const firstReasons = (reasons: readonly string[]): string =>
  [...reasons.slice(0, 3), ...(reasons.length > 3 ? [`and ${reasons.length - 3} more`] : [])].join(
    '; ',
  )

/** One line on stderr whenever a process changes between running and not. */
function tellChanges(supervisor: Supervisor, told: Map<ProcessName, string>): void {
  for (const { name, state, lastExit, log } of supervisor.report.processes) {
    const before = told.get(name) ?? 'ready'
    if (state === before) continue
    told.set(name, state)
    if (state === 'ready') note(`${name} is running again`)
    if (state === 'refused')
      note(`${name} was stopped: its isolation fell below the floor; see ${log}`)
    if (state === 'restarting') {
      const how = lastExit?.signal ?? `exit code ${lastExit?.code}`
      note(`${name} ended (${how}); starting it again; see ${log}`)
    }
  }
}

async function requireFreePort({ host, port }: Config): Promise<void> {
  const server = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen({ host, port, exclusive: true }, () => resolve(undefined))
  })
  if (code === undefined) {
    await new Promise((resolve) => server.close(resolve))
    return
  }
  throw new CliError(`cannot listen on ${host}:${port} (${code})`, {
    exitCode: code === 'EADDRINUSE' ? exitCodes.conflict : exitCodes.error,
    code: 'PORT_UNAVAILABLE',
    why:
      code === 'EADDRINUSE' ? 'another program, maybe another Holdfast, uses the port' : undefined,
    fix: `stop it, or choose another port: --port ${port + 1} or HOLDFAST_PORT=${port + 1}`,
  })
}
