import { spawnSync } from 'node:child_process'
import inspector from 'node:inspector'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { type Attack, type AttackOutcome, denied, succeeded } from './attack.ts'

/**
 * Attempts to get more out of node itself. They guard against mistakes in JavaScript and cap
 * nothing: against native code only the kernel's answers count.
 */
export function runtimeAttacks(): Attack[] {
  const refused = (id: string, attack: string, run: () => void): Attack => ({
    id,
    attack,
    caps: 'networkless',
    run: () => {
      try {
        run()
        return succeeded()
      } catch (error) {
        return denied(error instanceof Error && 'code' in error ? String(error.code) : 'refused')
      }
    },
  })
  return [
    refused('node-inspector', 'open the debugger of node', () => {
      inspector.open(0, '127.0.0.1')
      inspector.close()
    }),
    refused('node-worker', 'start a worker thread of node', () => {
      void new Worker('', { eval: true }).terminate()
    }),
    refused('node-spawn', 'start a program through node', () => {
      const { error } = spawnSync(process.execPath, ['--version'])
      if (error !== undefined) throw error
    }),
    refused('node-addon', 'load native code through node', () => {
      try {
        process.dlopen({ exports: {} }, '/holdfast-does-not-exist.node')
      } catch (error) {
        // This code means that node went to look for the file.
        const looked =
          error instanceof Error && 'code' in error && error.code === 'ERR_DLOPEN_FAILED'
        if (!looked) throw error
      }
    }),
    refused('node-ffi', 'reach the C library through node', () => {
      process.getBuiltinModule('node:ffi').dlopen(null, {})
    }),
  ]
}

const answerWithinMs = 2000

/** Attempts to have the egress relay reach addresses that it must refuse. */
export function relayAttacks(relaySocket: string, loopbackPort: number): Attack[] {
  const through = (id: string, what: string, target: string): Attack => ({
    id,
    attack: `reach ${what} through the egress relay`,
    caps: 'filtered',
    run: () => askRelay(relaySocket, target),
  })
  return [
    through('relay-loopback', 'this machine', `127.0.0.1:${loopbackPort}`),
    through('relay-metadata', 'the metadata service of a cloud', '169.254.169.254:80'),
  ]
}

const askRelay = (path: string, target: string): Promise<AttackOutcome> =>
  new Promise((resolve) => {
    const socket = connect({ path })
    const end = (outcome: AttackOutcome): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.setTimeout(answerWithinMs, () => end(denied('no answer')))
    socket.once('error', (error: NodeJS.ErrnoException) => end(denied(error.code)))
    socket.once('close', () => end(denied('closed')))
    socket.once('data', (answer) => {
      const line = answer.toString('latin1').split('\n')[0] ?? ''
      end(line === 'OK' ? succeeded() : denied(line))
    })
    socket.write(`CONNECT ${target}\n`)
  })
