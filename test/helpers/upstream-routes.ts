/** What the test upstream answers: the kind things an API says, and the nasty ones. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** A request whose key was right. */
export interface RouteContext {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly body: Uint8Array
  /** The whole value of the key's header, and the key alone. */
  readonly secret: { readonly header: string; readonly key: string }
}

/** Answers one request. */
export type Route = (context: RouteContext) => Promise<void> | void

const CHUNK_BYTES = 65_536

const routes: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
  [
    'GET',
    /^\/user$/,
    ({ response }) => sendJson(response, { id: 1, login: 'octo', name: 'Octo Cat' }),
  ],
  ['POST', /^\/echo$/, echoBody],
  ['GET', /^\/echo-headers$/, echoHeaders],
  ['*', /^\/status\/\d{3}$/, sendStatus],
  ['*', /^\/slow$/, sendSlowly],
  ['*', /^\/hang-up$/, ({ response }) => void response.destroy()],
  ['GET', /^\/bytes\/\d+$/, sendBytes],
  ['GET', /^\/events$/, sendEvents],
  ['*', /^\/redirect$/, redirect],
  ['GET', /^\/scalar$/, ({ response }) => sendJson(response, 42)],
  ['*', /^\/empty$/, ({ response }) => void response.writeHead(204).end()],
  ['GET', /^\/text$/, sendText],
  ['GET', /^\/set-cookie$/, setCookie],
]

/** The route of a request, if there is one. */
export function findRoute(method: string, path: string): Route | undefined {
  return routes.find(
    ([verb, pattern]) => (verb === '*' || verb === method) && pattern.test(path),
  )?.[2]
}

/** Every way in which a careless or hostile API may hand a secret back. */
export function echoForms(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret)
  return {
    raw: secret,
    base64: bytes.toString('base64'),
    base64url: bytes.toString('base64url'),
    url: encodeURIComponent(secret),
    form: new URLSearchParams({ s: secret }).toString().slice(2),
    json: JSON.stringify(secret).slice(1, -1),
    unicode: secret.replace(
      /[^]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    hex: bytes.toString('hex'),
    'hex-upper': bytes.toString('hex').toUpperCase(),
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function echoBody({ request, response, body }: RouteContext): void {
  response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/json' })
  response.end(body)
}

/** Gives the key away in the status text, in response headers and in the body, in every spelling. */
function echoHeaders({ request, response, secret }: RouteContext): void {
  const forms = { header: echoForms(secret.header), key: echoForms(secret.key) }
  const headers = Object.entries(forms).flatMap(([part, spellings]) =>
    Object.entries(spellings).map(([form, value]) => [`x-echo-${part}-${form}`, value] as const),
  )
  response.writeHead(200, `OK ${secret.header}`, {
    'content-type': 'application/json',
    ...Object.fromEntries(headers),
  })
  // Written by hand: the escaped spellings have to arrive as they are, not escaped once more.
  const spelled = headers.map(([name, value]) => `${name}=${value}`).join('\n')
  response.end(`${JSON.stringify({ headers: request.headers })}\n${spelled}\n`)
}

function sendStatus({ response, url }: RouteContext): void {
  const status = Number(url.pathname.slice(-3))
  const bodiless = status === 204 || status === 205 || status === 304
  response.writeHead(status, bodiless ? {} : { 'content-type': 'application/json' })
  response.end(bodiless ? undefined : JSON.stringify({ status }))
}

async function sendSlowly({ response, url }: RouteContext): Promise<void> {
  await delay(Number(url.searchParams.get('ms') ?? 1000), undefined, { ref: false })
  sendJson(response, { slow: true })
}

async function sendBytes({ response, url }: RouteContext): Promise<void> {
  let left = Number(url.pathname.slice('/bytes/'.length))
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': left,
  })
  for (; left > 0; left -= CHUNK_BYTES) {
    const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES), 'x')
    if (!response.write(chunk))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
    if (response.destroyed) return
  }
  response.end()
}

/** Server-sent events, one flush each: `?count=3&ms=10`. */
async function sendEvents({ response, url }: RouteContext): Promise<void> {
  const count = Number(url.searchParams.get('count') ?? 3)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let n = 1; n <= count && !response.destroyed; n += 1) {
    response.write(`id: ${n}\ndata: {"n":${n}}\n\n`)
    await delay(Number(url.searchParams.get('ms') ?? 10), undefined, { ref: false })
  }
  response.end()
}

function redirect({ response, url }: RouteContext): void {
  response.writeHead(302, { location: url.searchParams.get('to') ?? '/user' }).end()
}

function sendText({ response }: RouteContext): void {
  response
    .writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    .end('plain text, no JSON')
}

function setCookie({ response }: RouteContext): void {
  response.setHeader('set-cookie', ['session=upstream; Path=/; HttpOnly', 'theme=dark'])
  sendJson(response, { cookies: 2 })
}
