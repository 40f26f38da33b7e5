// Builds the scripts of pages that seal in the browser, when what is built does not match the sources.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { BootstrapError } from './errors.mjs'

const server = 'apps/authorization-server'
/** Served by the authorization server, which reads `manifest.json` when it starts. */
const builtFolder = path.join(server, 'browser-built')
const entry = path.join(server, 'browser/connect.ts')

const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding)

/** One hash over the contents of files, so that a clone that moved is not built again. */
const hashOf = (root, files) =>
  sha(
    'sha256',
    files.map((file) => sha('sha256', readFileSync(path.join(root, file)), 'hex')).join('\n'),
    'hex',
  )

function isFresh(root) {
  try {
    const folder = path.join(root, builtFolder)
    const { inputs, hash, scripts } = JSON.parse(readFileSync(path.join(folder, 'manifest.json')))
    const isThere = Object.values(scripts).every(
      ({ file, integrity }) =>
        `sha384-${sha('sha384', readFileSync(path.join(folder, file)), 'base64')}` === integrity,
    )
    return isThere && hash === hashOf(root, inputs)
  } catch {
    return false
  }
}

/** Makes sure that the browser scripts are built. */
export async function ensureBrowserScripts(root) {
  // An image may hold only what was built.
  if (!existsSync(path.join(root, entry)) || isFresh(root)) return
  const folder = path.join(root, builtFolder)
  const require = createRequire(path.join(root, server, 'package.json'))
  const { build, stop } = require('esbuild')
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { connect: entry },
    outdir: builtFolder,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@holdfast/source'],
    legalComments: 'eof',
    logLevel: 'error',
    // Its service would live as long as we do, which after `npm start` is until Ctrl-C.
  }).finally(stop)
  const inputs = Object.keys(metafile.inputs).filter((file) => !file.startsWith('('))
  const scripts = Object.fromEntries(
    outputFiles.map(({ path: output, contents }) => {
      const name = path.basename(output, '.js')
      const file = `${name}-${sha('sha256', contents, 'hex').slice(0, 20)}.js`
      const integrity = `sha384-${sha('sha384', contents, 'base64')}`
      return [name, { file, integrity, contents }]
    }),
  )
  try {
    mkdirSync(folder, { recursive: true })
    for (const { file, contents } of Object.values(scripts)) replace(folder, file, contents)
    const listed = Object.entries(scripts).map(([name, { file, integrity }]) => [
      name,
      { file, integrity },
    ])
    const manifest = { hash: hashOf(root, inputs), scripts: Object.fromEntries(listed), inputs }
    replace(folder, 'manifest.json', `${JSON.stringify(manifest, null, 2)}\n`)
    removeOthers(folder, ['manifest.json', ...Object.values(scripts).map(({ file }) => file)])
  } catch (error) {
    throw new BootstrapError(
      `the browser scripts cannot be written to ${folder} (${error.code ?? error.message})`,
      'start it once as the owner of the folder',
    )
  }
}

/** Whoever reads meanwhile sees the old file or the new one. */
function replace(folder, name, contents) {
  const temporary = path.join(folder, `.${name}.${process.pid}`)
  writeFileSync(temporary, contents, { mode: 0o644 })
  renameSync(temporary, path.join(folder, name))
}

function removeOthers(folder, kept) {
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name) && !name.startsWith('.')) rmSync(path.join(folder, name))
  }
}
