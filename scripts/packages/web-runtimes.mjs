/** Runtimes that are not Node, as the npm registry has them, and how each runs the check. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { buildSync } from 'esbuild'

const platform = `${process.platform}-${process.arch}`

const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker-bundle.js")],
  compatibilityDate = "2026-01-01"
);
`

function runInWorkers(workerd, project) {
  const at = (file) => path.join(project, file)
  writeFileSync(
    at('worker.mjs'),
    "import { check } from './web-check.mjs'\nexport default { test: check }\n",
  )
  writeFileSync(at('worker.capnp'), workerConfig)
  buildSync({
    entryPoints: [at('worker.mjs')],
    outfile: at('worker-bundle.js'),
    bundle: true,
    format: 'esm',
    logLevel: 'error',
  })
  const stdio = ['ignore', 'pipe', 'pipe']
  execFileSync(workerd, ['test', 'worker.capnp'], { cwd: project, stdio })
  return 'Workers: the guard guards and the client answers it, by web APIs'
}

const say = (command, args, project) =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8' }).trim()

/** name → the package for each platform, its program, and a run that answers what it said. */
export const webRuntimes = [
  {
    name: 'Bun',
    version: '1.4.5',
    packages: {
      'linux-x64': '@oven/bun-linux-x64',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-x64': '@oven/bun-darwin-x64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
    },
    program: 'bin/bun',
    run: (bun, project) => say(bun, ['use-web.mjs'], project),
  },
  {
    name: 'Deno',
    version: '2.9.6',
    packages: {
      'linux-x64': '@deno/linux-x64-glibc',
      'linux-arm64': '@deno/linux-arm64-glibc',
      'darwin-x64': '@deno/darwin-x64',
      'darwin-arm64': '@deno/darwin-arm64',
    },
    program: 'deno',
    run: (deno, project) => say(deno, ['run', '--no-prompt', 'use-web.mjs'], project),
  },
  {
    name: 'Workers',
    version: '1.20261117.1',
    packages: {
      'linux-x64': '@cloudflare/workerd-linux-64',
      'linux-arm64': '@cloudflare/workerd-linux-arm64',
      'darwin-x64': '@cloudflare/workerd-darwin-64',
      'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
    },
    program: 'bin/workerd',
    run: runInWorkers,
  },
].map(({ packages, ...runtime }) => ({ ...runtime, package: packages[platform] }))
