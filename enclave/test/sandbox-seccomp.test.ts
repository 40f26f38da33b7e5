import { describe, expect, it } from 'vitest'
import { launchFilter, noSpawnFilter, sealFilter } from '../src/sandbox/filters.ts'
import { compileFilter, type Filter } from '../src/sandbox/seccomp.ts'
import {
  architecture,
  syscallNumber,
  syscallNumbers,
  type SyscallName,
} from '../src/sandbox/syscalls.ts'

const answers: Record<number, string> = {
  0x7fff0000: 'allow',
  0x00050001: 'EPERM',
  0x00050026: 'ENOSYS',
  0x80000000: 'kill',
}
const nativeArchitecture = architecture === 'aarch64' ? 0xc00000b7 : 0xc000003e

/** Runs a compiled filter the way the kernel does. */
function answerOf(
  filter: Filter,
  number: number,
  args: bigint[] = [],
  arch = nativeArchitecture,
): string {
  const program = new DataView(compileFilter(filter).buffer)
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, number, true)
  data.setUint32(4, arch, true)
  for (const [i, value] of args.entries()) data.setBigUint64(16 + i * 8, value, true)
  let accumulator = 0
  for (let at = 0; ; at += 1) {
    const code = program.getUint16(at * 8, true)
    const ifTrue = program.getUint8(at * 8 + 2)
    const ifFalse = program.getUint8(at * 8 + 3)
    const value = program.getUint32(at * 8 + 4, true)
    if (code === 0x06) return answers[value] ?? `answer ${value}`
    if (code === 0x20) accumulator = data.getUint32(value, true)
    else if (code === 0x15) at += accumulator === value ? ifTrue : ifFalse
    else if (code === 0x35) at += accumulator >= value ? ifTrue : ifFalse
    else if (code === 0x45) at += (accumulator & value) === 0 ? ifFalse : ifTrue
    else throw new Error(`unknown opcode ${code}`)
  }
}

const ask = (filter: Filter, name: SyscallName, ...args: number[]): string =>
  answerOf(
    filter,
    syscallNumber(name),
    args.map((value) => BigInt.asUintN(64, BigInt(value))),
  )

describe.skipIf(architecture === undefined)('the filter of a sealed enclave', () => {
  const seal = sealFilter(42)

  it('allows every call that a serving enclave makes', () => {
    for (const name of [
      'read',
      'write',
      'epoll_ctl',
      'connect',
      'accept4',
      'futex',
      'mmap',
    ] as const) {
      expect(ask(seal, name)).toBe('allow')
    }
  })

  it('denies every call that it does not name', () => {
    const unnamed = Object.keys(syscallNumbers).filter(
      (name) => !seal.rules.some(({ calls }) => calls.includes(name as SyscallName)),
    ) as SyscallName[]
    expect(unnamed).toEqual(
      expect.arrayContaining([
        'execve',
        'fork',
        'ptrace',
        'bind',
        'listen',
        'io_uring_setup',
        'mount',
      ]),
    )
    for (const name of unnamed) if (syscallNumber(name) >= 0) expect(ask(seal, name)).toBe('EPERM')
  })

  it('tells sockets, threads, signals, ioctls and limits apart by their arguments', () => {
    expect(ask(seal, 'socket', 1, 1, 0)).toBe('allow')
    for (const family of [0, 2, 10, 16, 17, 40]) expect(ask(seal, 'socket', family)).toBe('EPERM')
    expect(ask(seal, 'clone', 0x00010f00)).toBe('allow')
    expect(ask(seal, 'clone', 17)).toBe('EPERM')
    expect(ask(seal, 'clone3', 0, 0)).toBe('ENOSYS')
    expect(ask(seal, 'kill', 42, 9)).toBe('allow')
    for (const pid of [1, 0, -1, 43]) expect(ask(seal, 'kill', pid, 9)).toBe('EPERM')
    expect(ask(seal, 'ioctl', 5, 0x5421)).toBe('allow')
    expect(ask(seal, 'ioctl', 0, 0x5412)).toBe('EPERM')
    expect(ask(seal, 'prlimit64', 0, 4, 0, 1)).toBe('allow')
    expect(ask(seal, 'prlimit64', 0, 4, 1, 0)).toBe('EPERM')
    expect(ask(seal, 'prctl', 3)).toBe('allow')
    expect(ask(seal, 'prctl', 4, 1)).toBe('EPERM')
  })

  it('is not fooled by the upper half of an argument', () => {
    const upper = 1n << 32n
    const number = syscallNumber('prlimit64')
    expect(answerOf(seal, number, [0n, 4n, upper])).toBe('EPERM')
    expect(answerOf(seal, syscallNumber('socket'), [upper | 2n])).toBe('EPERM')
  })

  it('kills callers of another architecture and denies the x32 numbers', () => {
    expect(answerOf(seal, syscallNumber('read'), [], 0x40000003)).toBe('kill')
    expect(answerOf(seal, syscallNumber('read') | 0x40000000)).toBe('EPERM')
  })
})

describe.skipIf(architecture === undefined)('the filter of the launcher', () => {
  it('leaves the network to the relay and the control plane alone', () => {
    for (const profile of ['relay', 'control-plane', 'probe'] as const) {
      const filter = launchFilter(profile, [42])
      for (const family of [1, 2, 10, 16]) expect(ask(filter, 'socket', family)).toBe('allow')
      for (const family of [17, 38, 40]) expect(ask(filter, 'socket', family)).toBe('EPERM')
    }
    const enclave = launchFilter('enclave', [42])
    expect(ask(enclave, 'socket', 1)).toBe('allow')
    for (const family of [2, 10, 16, 17, 40]) expect(ask(enclave, 'socket', family)).toBe('EPERM')
  })

  it('lets the worker start, without io_uring, tracing or new namespaces', () => {
    const filter = launchFilter('enclave', [42, 1])
    expect(ask(filter, 'execve')).toBe('allow')
    expect(ask(filter, 'clone', 17)).toBe('allow')
    expect(ask(filter, 'unshare', 0)).toBe('allow')
    for (const name of [
      'io_uring_setup',
      'ptrace',
      'pidfd_getfd',
      'setns',
      'bpf',
      'mount',
    ] as const) {
      expect(ask(filter, name)).toBe('EPERM')
    }
    expect(ask(filter, 'clone', 0x10000000 | 17)).toBe('EPERM')
    expect(ask(filter, 'unshare', 0x10000000)).toBe('EPERM')
    for (const pid of [42, 1]) expect(ask(filter, 'kill', pid)).toBe('allow')
    expect(ask(filter, 'kill', 43)).toBe('EPERM')
  })

  it('is followed by one that starts nothing but threads', () => {
    for (const name of ['execve', 'execveat', 'fork', 'vfork'] as const) {
      if (syscallNumber(name) >= 0) expect(ask(noSpawnFilter, name)).toBe('EPERM')
    }
    expect(ask(noSpawnFilter, 'clone', 0x00010f00)).toBe('allow')
    expect(ask(noSpawnFilter, 'clone', 17)).toBe('EPERM')
    expect(ask(noSpawnFilter, 'read')).toBe('allow')
  })
})
