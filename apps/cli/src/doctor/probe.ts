import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { text } from 'node:stream/consumers'
import { rootCertificates } from 'node:tls'
import { callbackify } from 'node:util'
import { jsonObject } from '../json-object.ts'

/** One answer of a server. */
export interface ProbeAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** The parsed JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>
}

const timeoutMs = 5_000
const maxBytes = 1_048_576

/** One request on a connection of its own; no redirect is followed. Rejects when nothing answers in time. */
export async function probe(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
    /** Empty = the system's resolver. */
    readonly dnsServers?: readonly string[]
    /** PEM certificates to trust beside the public ones. */
    readonly extraCa?: string | undefined
  } = {},
): Promise<ProbeAnswer> {
  const { request } = url.startsWith('https:') ? https : http
  const { method = 'GET', headers = {}, body, dnsServers = [], extraCa } = options
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    request(url, {
      method,
      headers: { accept: 'application/json', ...headers },
      signal,
      agent: false,
      ...(dnsServers.length > 0 && { lookup: lookupAt(dnsServers) }),
      ...(extraCa !== undefined && { ca: [...rootCertificates, extraCa] }),
    })
      .once('error', reject)
      .once('response', resolve)
      .end(body)
  })
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) response.destroy(new Error('the answer is too large'))
  })
  // A stream of events has no end; its headers are what is asked for.
  if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
  const read = response.destroyed ? '' : await text(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    json: jsonObject(read) ?? {},
  }
}

/** Asks other DNS servers than the system's. */
function lookupAt(servers: readonly string[]): LookupFunction {
  const resolver = new Resolver({ timeout: 1500, tries: 2 })
  resolver.setServers(servers)
  const addressesOf = async (name: string): Promise<LookupAddress[]> => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = [four, six].flatMap((answers, index) =>
      answers.status === 'rejected'
        ? []
        : answers.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })),
    )
    if (found.length === 0) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
    return found
  }
  const ask = callbackify(addressesOf)
  return (name, { all }, done) =>
    ask(name, (error, found) => {
      if (error || all === true) done(error, found)
      else done(null, found[0]!.address, found[0]!.family)
    })
}

/** Why a request had no answer, in a few words. */
export function reasonOf(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException
  return name === 'TimeoutError' || name === 'AbortError' ? 'no answer in 5 s' : (code ?? message)
}
