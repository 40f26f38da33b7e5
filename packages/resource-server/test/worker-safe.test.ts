import { createContext, runInContext } from 'node:vm'
import { fileURLToPath } from 'node:url'
import { type Rolldown, build } from 'vite'
import { describe, expect, test } from 'vitest'

async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@holdfast/source', 'browser'] },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL(`../src/${entry}`, import.meta.url)),
        formats: ['iife'],
        name: 'bundle',
      },
    },
  })
  const [output] = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[]
  return output?.output[0].code ?? ''
}

/** What a worker has; no process, no Buffer, no require. */
const workerGlobals = (): Record<string, unknown> => ({
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

describe.each(['index.ts', 'hono.ts', 'mcp.ts'])('the built %s', (entry) => {
  test('names nothing of Node', async () => {
    const code = await bundle(entry)
    expect(code).not.toMatch(/['"]node:|\brequire\(|__vite-browser-external/)
    expect(code).not.toMatch(/\bBuffer\b|\bprocess\.(?!.*['"`])/)
  })

  test('loads where only web globals exist', async () => {
    const context = createContext(workerGlobals())
    runInContext(`${await bundle(entry)};globalThis.loaded = bundle`, context)
    expect(Object.keys(context['loaded'] as object).length).toBeGreaterThan(0)
  })
})

test('the built root entry guards a fetch handler where only web globals exist', async () => {
  const context = createContext(workerGlobals())
  const script = `
    const guard = bundle.protectedResource({
      issuer: 'https://as.example', resource: 'https://mcp.example/mcp', revocation: false,
    })
    const handler = bundle.protectFetch(guard, () => new Response('through'))
    globalThis.answer = handler(new Request('https://mcp.example/mcp', { method: 'POST' }))
  `
  runInContext(`${await bundle('index.ts')};${script}`, context)
  const response = (await context['answer']) as Response
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer resource_metadata="https:/)
})
