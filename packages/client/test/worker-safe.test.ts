import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { type Rolldown, build } from 'vite'
import { expect, it } from 'vitest'

/** Every module that the entry needs, as one script for browsers. */
async function bundle(entry: string): Promise<{ readonly code: string; readonly ids: string[] }> {
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
  const [chunk] = output?.output ?? []
  return { code: chunk?.code ?? '', ids: chunk?.moduleIds ?? [] }
}

it('the root entry loads and runs where only web globals exist', async () => {
  const { code, ids } = await bundle('index.ts')
  // libsodium alone looks for Node's modules, and only where it finds Node.
  expect(ids.filter((id) => id.startsWith('node:'))).toEqual([])
  expect(ids.filter((id) => id.includes('/client/src/node/'))).toEqual([])
  const web = {
    AbortController,
    AbortSignal,
    atob,
    btoa,
    CryptoKey,
    crypto,
    Headers,
    Request,
    Response,
  }
  const text = {
    TextDecoder,
    TextEncoder,
    URL,
    URLSearchParams,
    WebAssembly,
    setTimeout,
    clearTimeout,
  }
  const seen: string[] = []
  const fetch = (_url: string, init: RequestInit): Promise<Response> => {
    seen.push(new Headers(init.headers).get('authorization') ?? '')
    return Promise.resolve(new Response('{}'))
  }
  const context = createContext({
    ReadableStream,
    ...web,
    ...text,
    fetch,
    performance,
    structuredClone,
  })
  const script = `
    const auth = new bundle.BearerAuth('a-token')
    const call = bundle.authorizedFetch({ auth, resource: 'https://mcp.example/mcp' })
    globalThis.answer = call('https://mcp.example/mcp')
  `
  runInContext(`${code};${script}`, context)
  const response = (await context['answer']) as Response
  expect(response.status).toBe(200)
  expect(seen).toEqual(['Bearer a-token'])
}, 60_000)
