// The one door of `npm start`, `npm test`, `npm run demo|bench|holdfast`.
// Plain JavaScript without dependencies, because it runs on whatever Node the machine has (18 or newer)
// before anything is installed: it installs what is missing and hands over to the project's own Node.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ensureBrowserScripts } from './bootstrap/browser-scripts.mjs'
import { BootstrapError } from './bootstrap/errors.mjs'
import { ensureInstalled } from './bootstrap/install.mjs'
import { findNode } from './bootstrap/pinned-node.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/**
 * verb → what runs. `needsDev`: also wants the development packages (test runner, linters).
 * `alsoInstall`: folders that are no workspaces, with a lock file of their own, installed on demand;
 * `withExtra`: those that only `--extra` asks for.
 */
const verbs = {
  start: { script: 'apps/cli/src/main.ts', args: ['up'], needsDev: false },
  holdfast: { script: 'apps/cli/src/main.ts', args: [], needsDev: false },
  test: { script: 'scripts/test.mjs', args: [], needsDev: true },
  demo: { script: 'examples/demo/main.ts', args: [], needsDev: false },
  bench: { script: 'bench/run.ts', args: [], needsDev: true },
  'bench:revocation': { script: 'bench/revocation.ts', args: [], needsDev: true },
  'test:soak': { script: 'bench/soak.ts', args: [], needsDev: true },
  'test:refresh-race': { script: 'scripts/refresh-race.mjs', args: [], needsDev: true },
  'test:dedalus': { script: 'test/interop/dedalus/run.ts', args: [], needsDev: false },
  'test:packages': { script: 'scripts/packages/install.mjs', args: [], needsDev: true },
  'test:conformance': {
    script: 'test/conformance/run.ts',
    args: [],
    needsDev: true,
    alsoInstall: ['test/conformance'],
  },
  'test:stores': {
    script: 'test/stores/run.ts',
    args: [],
    needsDev: true,
    alsoInstall: ['test/stores'],
  },
  'test:clients': {
    script: 'test/clients/run.ts',
    args: [],
    needsDev: true,
    alsoInstall: ['test/clients'],
    withExtra: ['test/clients/extra'],
  },
}

/** npm changes into the root; a relative `@file` of `npm run holdfast` means the user's own folder. */
function workingDirectory(verb) {
  const startedByNpm = process.env.npm_lifecycle_event === verb && process.cwd() === root
  return verb === 'holdfast' ? (startedByNpm && process.env.INIT_CWD) || process.cwd() : root
}

/**
 * What runs us may end without passing a signal on: npm itself, or a shell where the script does not
 * say `exec`. So when npm started us, the end of our parent counts as the signal. Started by hand we
 * may outlive the shell.
 */
function stopWithParent(stop) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, 250)
  timer.unref()
}

function run(node, verb, extraArgs) {
  const { script, args } = verbs[verb]
  const bin = path.join(root, 'node_modules', '.bin')
  const child = spawn(
    node,
    ['--conditions=@holdfast/source', path.join(root, script), ...args, ...extraArgs],
    {
      cwd: workingDirectory(verb),
      // The channel carries no message: its end tells the supervisor that this process is gone.
      stdio: verb === 'start' ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
      env: { ...process.env, PATH: [bin, process.env.PATH].filter(Boolean).join(path.delimiter) },
    },
  )
  // On a terminal Ctrl-C already reaches the whole foreground group; forwarding it as well would count
  // as the second Ctrl-C, which means "stop at once".
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  stopWithParent(() => child.kill('SIGTERM'))
  child.on('error', (error) => {
    process.stderr.write(`holdfast: cannot start ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

async function main() {
  const [verb, ...args] = process.argv.slice(2)
  if (verb === undefined || !Object.hasOwn(verbs, verb)) {
    const known = Object.keys(verbs).join(' | ')
    throw new BootstrapError(`unknown verb ${JSON.stringify(verb ?? '')}`, `use ${known}`, 2)
  }
  await ensureInstalled(root, { needsDev: verbs[verb].needsDev })
  await ensureBrowserScripts(root)
  const { alsoInstall = [], withExtra = [] } = verbs[verb]
  for (const folder of [...alsoInstall, ...(args.includes('--extra') ? withExtra : [])]) {
    await ensureInstalled(path.join(root, folder), { needsDev: true })
  }
  run(findNode(root), verb, args)
}

main().catch((error) => {
  if (!(error instanceof BootstrapError)) throw error
  process.stderr.write(`holdfast: ${error.message}\n  Fix: ${error.fix}\n`)
  process.exitCode = error.exitCode
})
