/** Calling tools of the Python servers with the Python client. */
import assert from 'node:assert/strict'
import { type ClientAuth, type Outcome, resultOf } from './python-programs.ts'
import type { Setting } from './setting.ts'

/** What `ctx.dispatch` gave the tool. */
export interface Dispatched {
  readonly success: boolean
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: unknown
  } | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly retryable: boolean
  } | null
}

interface Used {
  readonly tools: readonly string[]
  readonly results: readonly { readonly is_error: boolean; readonly text: string }[]
}

/** Connects, lists the tools and makes calls; what the library raised comes back as an error. */
export const use = (
  { client }: Setting,
  url: string,
  auth: ClientAuth,
  ...calls: readonly (readonly [name: string, args?: object])[]
): Promise<Outcome<Used>> =>
  client.step<Used>('use', { url, auth, calls: calls.map(([name, args]) => [name, args ?? {}]) })

/** The text of one tool's answer. */
export async function textOf(
  setting: Setting,
  url: string,
  auth: ClientAuth,
  name: string,
  args: object = {},
): Promise<string> {
  const { results } = resultOf(await use(setting, url, auth, [name, args]))
  return results[0]?.text ?? ''
}

/** What `ctx.dispatch` said inside one tool. */
export async function dispatchedBy(...args: Parameters<typeof textOf>): Promise<Dispatched> {
  const text = await textOf(...args)
  assert.ok(text.startsWith('{'), `the tool said: ${text}`)
  return JSON.parse(text) as Dispatched
}

/** Checks that a dispatch failed with a code, and whether trying again may help. */
export function assertFailed(said: Dispatched, code: string, retryable: boolean): string {
  assert.equal(said.success, false, JSON.stringify(said))
  assert.deepEqual(
    { code: said.error?.code, retryable: said.error?.retryable },
    { code, retryable },
  )
  return `${code}, ${retryable ? 'retryable' : 'not retryable'}`
}
