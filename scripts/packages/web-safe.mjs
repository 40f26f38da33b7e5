/**
 * Proves on the built files that the entries for browsers and workers name nothing of Node, and that
 * the resource server's root guards a request where only web globals exist.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { createContext, runInContext } from 'node:vm'
import { build } from 'vite'
import { builtEntries, publishedPackages, readManifest, root } from './published.mjs'

const anyImport =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g

const folderOf = (name) =>
  publishedPackages.map(({ folder }) => folder).find((folder) => readManifest(folder).name === name)

/** The built file of one of our own packages; undefined for anything else. */
function ownEntry(specifier) {
  const [, name, rest] = /^(@holdfast\/[^/]+)(\/.*)?$/.exec(specifier) ?? []
  const folder = name === undefined ? undefined : folderOf(name)
  if (folder === undefined) return undefined
  return builtEntries(folder, 'default').find(([entry]) => entry === `.${rest ?? ''}`)?.[1]
}

/** What an entry imports of Node, over all files and packages of ours. */
function nodeImports(entry) {
  const seen = new Set()
  const found = []
  const visit = (file) => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const match of text.matchAll(anyImport)) {
      const specifier = match[1] ?? match[2] ?? match[3]
      if (specifier.startsWith('node:')) found.push(`${path.relative(root, file)} → ${specifier}`)
      const next = specifier.startsWith('.')
        ? path.resolve(path.dirname(file), specifier)
        : ownEntry(specifier)
      if (next !== undefined) visit(next)
    }
  }
  visit(entry)
  return found
}

/** What a worker has: no process, no Buffer, no require. */
const webGlobals = () => ({
  AbortController,
  AbortSignal,
  atob,
  btoa,
  CryptoKey,
  crypto,
  fetch,
  Headers,
  Request,
  Response,
  structuredClone,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
})

async function guardInWorker() {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    root,
    build: {
      write: false,
      minify: false,
      lib: {
        entry: path.join(root, 'packages/resource-server/dist/index.js'),
        formats: ['iife'],
        name: 'bundle',
      },
    },
  })
  const [{ output }] = Array.isArray(result) ? result : [result]
  const context = createContext(webGlobals())
  const use = `
    const guard = bundle.protectedResource({
      issuer: 'https://as.example', resource: 'https://mcp.example/mcp', revocation: false,
    })
    globalThis.answer = bundle.protectFetch(guard, () => new Response('through'))(
      new Request('https://mcp.example/mcp', { method: 'POST' }),
    )`
  runInContext(`${output[0].code};${use}`, context)
  const { status } = await context.answer
  return status === 401 ? [] : [`the guard answered ${status} in a worker`]
}

const problems = []
for (const { folder, nodeOnly } of publishedPackages) {
  for (const [name, file] of builtEntries(folder, 'default')) {
    if (nodeOnly !== 'all' && !nodeOnly.includes(name)) problems.push(...nodeImports(file))
  }
}
problems.push(...(await guardInWorker()))
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
