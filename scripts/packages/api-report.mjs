/**
 * Compares the declarations that each published package ships with those that are committed in
 * `api/`, so that nobody changes the public surface without seeing it. Needs built packages.
 * `node scripts/packages/api-report.mjs --update` writes them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import prettier from 'prettier'
import { builtEntries, publishedPackages, readManifest, root } from './published.mjs'

const relativeImport = /(?:from|import\()\s*['"](\.[^'"]+)['"]/g
const declarationOf = (file) =>
  file.replace(/\.(?:js|ts)$/, '.d.ts').replace(/\.d\.d\.ts$/, '.d.ts')

/** A package's declarations: everything that its entries reach, each file once. */
function collect(folder) {
  const seen = new Map()
  const visit = (file) => {
    if (seen.has(file)) return
    const text = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/gm, '')
    seen.set(file, text)
    for (const [, target] of text.matchAll(relativeImport)) {
      visit(declarationOf(path.resolve(path.dirname(file), target)))
    }
  }
  const entries = builtEntries(folder, 'types')
  for (const [, file] of entries) visit(file)
  const dist = path.join(root, folder, 'dist')
  const files = [...seen].sort(([left], [right]) => (left < right ? -1 : 1))
  return [
    `// The public surface of ${readManifest(folder).name}. Written by scripts/packages/api-report.mjs.`,
    ...entries.map(([name, file]) => `// ${name} is ${path.relative(dist, file)}`),
    ...files.map(([file, text]) => `\n// ── ${path.relative(dist, file)}\n${text}`),
  ].join('\n')
}

const isUpdate = process.argv.includes('--update')
const changed = []
mkdirSync(path.join(root, 'api'), { recursive: true })
const style = await prettier.resolveConfig(path.join(root, 'api/x.d.ts'))

for (const { folder } of publishedPackages) {
  const file = path.join(root, 'api', `${path.basename(folder)}.d.ts`)
  const report = await prettier.format(collect(folder), { ...style, parser: 'typescript' })
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (report === committed) continue
  changed.push(path.relative(root, file))
  if (isUpdate) writeFileSync(file, report)
}

if (isUpdate) console.log(changed.length === 0 ? 'no change' : `written: ${changed.join(', ')}`)
else if (changed.length > 0) {
  console.error(`The public surface changed: ${changed.join(', ')}.`)
  console.error('If that is meant, build and run: node scripts/packages/api-report.mjs --update')
  process.exitCode = 1
}
