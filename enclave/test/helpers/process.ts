import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { openState } from './rig.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

/** What the supervisor answers to the self-test: the root key, nothing, or other bytes. */
export type KeyDelivery = Uint8Array | 'refuse' | { readonly raw: Uint8Array }

/** Options of {@link startProcess}. */
export interface ProcessOptions {
  readonly statePath: string
  readonly config: unknown
  readonly key: KeyDelivery
}

/** An enclave process as a supervisor without a launcher starts it. */
export interface EnclaveProcess {
  readonly child: ChildProcess
  /** Every line of stdout so far. */
  readonly lines: readonly string[]
  /** Resolves with the first event of this name; rejects when the process ends before. */
  event(name: string): Promise<Record<string, unknown>>
  readonly exited: Promise<number | null>
}

/** Starts the enclave's main and answers its self-test. */
export function startProcess({ statePath, config, key }: ProcessOptions): EnclaveProcess {
  const state = openState(statePath)
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', main], {
    // The self-test opens a debugger where nothing stops it, and node says so on stderr.
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', state],
  })
  closeSync(state)
  const lines: string[] = []
  const waiting = new Map<string, PromiseWithResolvers<Record<string, unknown>>>()
  const expected = (name: string): PromiseWithResolvers<Record<string, unknown>> => {
    const known = waiting.get(name)
    if (known) return known
    const created = Promise.withResolvers<Record<string, unknown>>()
    // Tests that do not ask for an event do not care that it never came.
    created.promise.catch(() => undefined)
    waiting.set(name, created)
    return created
  }
  const keyPipe = child.stdio[3] as Writable
  keyPipe.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on(
    'line',
    (line) => {
      lines.push(line)
      const record = JSON.parse(line) as Record<string, unknown>
      if (record['event'] === 'selftest') keyPipe.end(deliver(key))
      if (typeof record['event'] === 'string') expected(record['event']).resolve(record)
    },
  )
  child.stdin?.write(`${typeof config === 'string' ? config : JSON.stringify(config)}\n`)
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      for (const { reject } of waiting.values()) reject(new Error(`the enclave ended with ${code}`))
      resolve(code)
    })
  })
  return { child, lines, event: (name) => expected(name).promise, exited }
}

function deliver(key: KeyDelivery): Uint8Array {
  if (key === 'refuse') return new Uint8Array()
  if ('raw' in key) return key.raw
  return Buffer.concat([Buffer.from('{"level":"process","outside":[]}\n'), key])
}
