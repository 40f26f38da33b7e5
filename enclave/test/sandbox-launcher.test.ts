import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { baseSpec, isLinux, isRoot, launch, ordinaryUserCanRun } from './helpers/launched.ts'
import { workerPid } from './helpers/worker-pid.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-launcher-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const own = { uid: 47101, gid: 47101 }
const levels = ['auto', 'filtered', 'process'] as const

function writeWorker(source: string): string {
  const main = join(folder, 'worker.ts')
  writeFileSync(main, source)
  chmodSync(folder, 0o755)
  return main
}

/** Whether a process still runs; one that only waits to be reaped does not. */
const isRunning = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe.each(levels)('a worker launched with isolation %s', (isolation) => {
  // Without a private root another user needs a way to the clone; below a closed folder there is none.
  const drops =
    isRoot && isolation !== 'process' && (isolation !== 'filtered' || ordinaryUserCanRun)
  const identity = drops ? own : {}

  it('gets the key pipe and the state file, and no environment', async () => {
    const main = writeWorker(`
      import { readSync, writeSync } from 'node:fs'
      const key = Buffer.alloc(16)
      const length = readSync(3, key)
      writeSync(4, 'state')
      console.log(JSON.stringify({ event: 'got', key: key.toString('utf8', 0, length), environment: Object.keys(process.env) }))
    `)
    const worker = launch({ ...baseSpec(main), ...identity, isolation })
    const state: Buffer[] = []
    worker.process.stdio[4]?.on('data', (bytes: Buffer) => state.push(bytes))
    ;(worker.process.stdio[3] as Writable).end('the key')
    expect(await worker.event('got')).toEqual({ event: 'got', key: 'the key', environment: [] })
    expect((await worker.exited).code).toBe(0)
    expect(Buffer.concat(state).toString()).toBe('state')
  })

  it('passes its exit status on', async () => {
    const main = writeWorker('process.exit(78)')
    const worker = launch({ ...baseSpec(main), ...identity, isolation })
    expect((await worker.exited).code).toBe(78)
  })

  it('sees the end of its standard input', async () => {
    const main = writeWorker(`process.stdin.on('end', () => process.exit(5)).resume()`)
    const worker = launch({ ...baseSpec(main), ...identity, isolation })
    await worker.event('spawned')
    worker.process.stdin?.end()
    expect((await worker.exited).code).toBe(5)
  })
})

describe.skipIf(!isLinux)('a launched worker', () => {
  it('dies with the process that the supervisor started', async () => {
    const main = writeWorker(`
      setInterval(() => {}, 1000)
      console.log('{"event":"up"}')
    `)
    const worker = launch({ ...baseSpec(main), ...(isRoot && own) })
    const spawned = await worker.event('spawned')
    await worker.event('up')
    expect(spawned).toMatchObject({ pid: worker.process.pid, child: isRoot })
    const pid = workerPid(worker.process.pid ?? 0)
    worker.process.kill('SIGKILL')
    // Its end of the output closes only when the worker is gone too.
    await worker.exited
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false))
  })

  it('is refused with a reason when a listed path does not exist', async () => {
    const main = writeWorker('')
    const worker = launch({ ...baseSpec(main), readOnly: [join(folder, 'absent')] })
    const { code, stderr } = await worker.exited
    expect(code).toBe(78)
    expect(stderr).toContain(`${join(folder, 'absent')} does not exist`)
  })

  it.each([['{'], ['{}'], [{ profile: 'other' }]])(
    'is refused for the malformed launch %j',
    async (spec) => {
      const { code, stderr } = await launch(spec).exited
      expect(code).toBe(78)
      expect(stderr).not.toBe('')
    },
  )
})

describe.skipIf(!isLinux || !isRoot)('a clone below a folder that only root may enter', () => {
  const profiles = ['enclave', 'relay', 'control-plane'] as const

  it.each(profiles)(
    'is reachable at the same paths for the %s under its own user',
    async (profile) => {
      const app = join(folder, 'clone', 'src')
      const data = join(folder, 'clone', 'data')
      const hidden = join(folder, 'clone', 'hidden')
      mkdirSync(app, { recursive: true })
      mkdirSync(data)
      writeFileSync(hidden, 'no')
      chownSync(data, own.uid, own.gid)
      const main = join(app, 'main.ts')
      writeFileSync(
        main,
        `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
       const attempt = (run: () => unknown) => { try { return run() } catch (error) { return error.code } }
       console.log(JSON.stringify({
         event: 'seen',
         uid: process.getuid(),
         own: attempt(() => readFileSync(${JSON.stringify(main)}).length > 0),
         written: attempt(() => writeFileSync(${JSON.stringify(join(data, 'file'))}, 'x') ?? true),
         changed: attempt(() => writeFileSync(${JSON.stringify(main)}, 'x')) !== undefined,
         hidden: attempt(() => existsSync(${JSON.stringify(hidden)})) === true,
       }))`,
      )
      chmodSync(folder, 0o700)
      const worker = launch({ ...baseSpec(main), profile, ...own, readWrite: [data] })
      expect(await worker.event('seen')).toEqual({
        event: 'seen',
        uid: own.uid,
        own: true,
        written: true,
        changed: true,
        hidden: false,
      })
      await worker.exited
    },
  )

  it('is refused with the way out when there is no private root', async () => {
    const main = writeWorker('')
    chmodSync(folder, 0o700)
    const worker = launch({ ...baseSpec(main), ...own, isolation: 'filtered' })
    const { code, stderr } = await worker.exited
    expect(code).toBe(78)
    const unreachable = ordinaryUserCanRun ? main : process.execPath
    expect(stderr).toContain(`user ${own.uid} cannot reach ${unreachable}`)
  })
})

describe.skipIf(!isLinux)('the relay and the control plane', () => {
  it.each(['relay', 'control-plane'] as const)(
    'keep the network as %s, but start no program and read no other file',
    async (profile) => {
      const main = writeWorker(`
        import { spawnSync } from 'node:child_process'
        import { readFileSync } from 'node:fs'
        import { lookup } from 'node:dns/promises'
        import { createServer } from 'node:net'
        const attempt = async (run: () => unknown) => { try { return await run() } catch (error) { return error.code } }
        console.log(JSON.stringify({
          event: 'tried',
          spawn: spawnSync(process.execPath, ['--version']).error?.code,
          passwd: await attempt(() => readFileSync('/etc/passwd').length),
          environ: await attempt(() => readFileSync('/proc/${process.pid}/environ').length),
          lookup: (await attempt(() => lookup('localhost'))).address,
          listen: await new Promise((done) => createServer().listen(0, '127.0.0.1', () => done(true))),
          signal: await attempt(() => process.kill(${process.pid}, 0)),
        }))
        process.exit()
      `)
      const worker = launch({ ...baseSpec(main), profile, ...(isRoot && own) })
      // With a private root it is not there, with Landlock alone it is refused.
      const absent: unknown = expect.stringMatching(/^(ENOENT|EACCES)$/u)
      expect(await worker.event('tried')).toMatchObject({
        spawn: 'EPERM',
        passwd: absent,
        environ: absent,
        lookup: expect.stringMatching(/^(127\.0\.0\.1|::1)$/u),
        listen: true,
        signal: 'EPERM',
      })
      await worker.exited
    },
  )
})
