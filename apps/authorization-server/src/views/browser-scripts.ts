import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'

/** A script of ours that a page loads. */
export interface BrowserScript {
  /** Holds a hash of its content. */
  readonly path: string
  /** For the `integrity` attribute. */
  readonly integrity: string
  readonly content: Uint8Array
  readonly compressed: Uint8Array
}

const manifestSchema = z.object({
  scripts: z.object({
    connect: z.object({
      file: z.string().regex(/^connect-[0-9a-f]{20}\.js$/),
      integrity: z.string().regex(/^sha384-[A-Za-z0-9+/]{64}$/),
    }),
  }),
})

const folder = new URL('../../browser-built/', import.meta.url)

/** The script of the connect page, as `npm start` built it; undefined where nobody did. */
export function loadConnectScript(): BrowserScript | undefined {
  let manifest: string
  try {
    manifest = readFileSync(new URL('manifest.json', folder), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { file, integrity } = manifestSchema.parse(JSON.parse(manifest)).scripts.connect
  const content = readFileSync(new URL(file, folder))
  return { path: `/assets/${file}`, integrity, content, compressed: gzipSync(content) }
}
