import { constants } from 'node:os'
import { architecture, syscallNumber, type SyscallName } from './syscalls.ts'

/** An argument of a system call: a number, a string (passed with its NUL), or memory that the call may change. */
export type SyscallArgument = number | bigint | string | Uint8Array

/** The kernel, reached without a native addon. */
export interface Kernel {
  /** Makes the call and returns its result, or the negated errno. `-38` (ENOSYS) where the call does not exist. */
  call(name: SyscallName, ...args: SyscallArgument[]): number
  /** Puts bytes at a fixed address for structures that hold pointers; valid until the next `call` returns. */
  place(bytes: Uint8Array | string): bigint
  /** Makes every later `call` throw. */
  close(): void
}

/** Either the kernel, or why it cannot be called. */
export type KernelAccess = { readonly kernel: Kernel } | { readonly reason: string }

const arenaBytes = 256 * 1024
const enosys = 38

/**
 * Opens `syscall(2)` of the C library that Node is linked with, through `node:ffi`.
 *
 * Everything that needs a pointer goes through one arena whose address is taken here: after
 * `process.permission.drop('ffi')` calls still work, but addresses can no longer be asked for.
 */
export function openKernel(): KernelAccess {
  if (process.platform !== 'linux')
    return { reason: `no system call filter on ${process.platform}` }
  if (architecture === undefined) return { reason: `no system call table for ${process.arch}` }
  try {
    const ffi = process.getBuiltinModule('node:ffi')
    const { lib, functions } = ffi.dlopen(null, {
      syscall: { return: 'int64', arguments: Array<'int64'>(7).fill('int64') },
      __errno_location: { return: 'pointer', arguments: [] },
    })
    const arena = Buffer.allocUnsafeSlow(arenaBytes)
    return {
      kernel: createKernel({
        syscall: functions.syscall,
        errno: new Int32Array(ffi.toArrayBuffer(functions.__errno_location(), 4, false)),
        arena,
        address: ffi.getRawPointer(arena),
        close: () => lib.close(),
      }),
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not available'
    return { reason: `node:ffi cannot be used: ${code}` }
  }
}

/** Symbolic name of a negated errno, such as `EPERM`; `OK` for a success. */
export function errnoName(result: number): string {
  if (result >= 0) return 'OK'
  const entry = Object.entries(constants.errno).find(([, value]) => value === -result)
  return entry?.[0] ?? `errno ${-result}`
}

interface NativeParts {
  readonly syscall: (...args: bigint[]) => bigint
  readonly errno: Int32Array
  readonly arena: Uint8Array
  readonly address: bigint
  readonly close: () => void
}

function createKernel({ syscall, errno, arena, address, close }: NativeParts): Kernel {
  let used = 0
  const place = (value: Uint8Array | string): bigint => {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(`${value}\0`) : value
    if (used + bytes.length > arena.length) throw new RangeError('system call arguments too large')
    arena.set(bytes, used)
    const at = address + BigInt(used)
    // Structures of the kernel ABI want 8-byte alignment.
    used += (bytes.length + 7) & ~7
    return at
  }
  const call = (name: SyscallName, ...args: SyscallArgument[]): number => {
    const number = syscallNumber(name)
    if (number < 0) {
      used = 0
      return -enosys
    }
    const placed: { at: number; target: Uint8Array }[] = []
    const words = args.map((argument) => {
      if (typeof argument === 'number' || typeof argument === 'bigint') return BigInt(argument)
      if (typeof argument !== 'string') placed.push({ at: used, target: argument })
      return place(argument)
    })
    while (words.length < 6) words.push(0n)
    const result = syscall(BigInt(number), ...words)
    const failure = errno[0] ?? 0
    for (const { at, target } of placed) target.set(arena.subarray(at, at + target.length))
    used = 0
    return result === -1n ? -failure : Number(result)
  }
  return { call, place, close }
}
