import { errnoName, type Kernel } from './ffi.ts'
import { architecture, syscallNumber, type SyscallName } from './syscalls.ts'

/** What a filter answers to a call; the numbers are the kernel's `SECCOMP_RET_*` with the errno in it. */
const answers = { allow: 0x7fff0000, EPERM: 0x00050001, ENOSYS: 0x00050026, kill: 0x80000000 }

/** What a filter answers to a call. */
export type Answer = 'allow' | 'EPERM' | 'ENOSYS'

/** A test of one argument. */
export interface ArgumentTest {
  readonly argument: number
  /** Low half equals one of these: for arguments that the kernel reads as 32 bits. */
  readonly equals?: readonly number[]
  /** Low half has any of these bits. */
  readonly anyBit?: number
  /** All 64 bits are zero: for pointers. */
  readonly isNull?: true
}

/** What to answer to some calls, perhaps depending on an argument. */
export interface Rule {
  readonly calls: readonly SyscallName[]
  readonly when?: ArgumentTest
  readonly answer: Answer
  /** Answer when the argument test fails. */
  readonly otherwise?: Answer
}

/** A filter: the first rule that names the call decides, `fallback` decides the rest. */
export interface Filter {
  readonly rules: readonly Rule[]
  readonly fallback: Answer
}

const opcodes = {
  load: 0x20,
  jumpIfEqual: 0x15,
  jumpIfAtLeast: 0x35,
  jumpIfBits: 0x45,
  answer: 0x06,
}
const auditArchitecture = { x86_64: 0xc000003e, aarch64: 0xc00000b7 }
/** Calls of the x32 ABI carry this bit; a filter that forgets them can be walked around. */
const x32Bit = 0x40000000
const offsets = { number: 0, architecture: 4, arguments: 16 }
const instructionBytes = 8

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number]

const answerWith = (answer: keyof typeof answers): Instruction => [
  opcodes.answer,
  0,
  0,
  answers[answer],
]

/**
 * Compiles a filter to classic BPF for this architecture.
 *
 * @see {@link https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html}
 */
export function compileFilter(filter: Filter): Uint8Array {
  if (architecture === undefined) throw new RangeError(`no filter for ${process.arch}`)
  const program: Instruction[] = [
    [opcodes.load, 0, 0, offsets.architecture],
    [opcodes.jumpIfEqual, 1, 0, auditArchitecture[architecture]],
    answerWith('kill'),
    [opcodes.load, 0, 0, offsets.number],
    [opcodes.jumpIfAtLeast, 0, 1, x32Bit],
    answerWith('EPERM'),
  ]
  for (const rule of filter.rules) {
    const body = compileAnswer(rule)
    for (const name of rule.calls) {
      const number = syscallNumber(name)
      if (number >= 0) program.push([opcodes.jumpIfEqual, 0, body.length, number], ...body)
    }
  }
  program.push(answerWith(filter.fallback))
  return encode(program)
}

function compileAnswer({ when, answer, otherwise = 'EPERM' }: Rule): Instruction[] {
  if (when === undefined) return [answerWith(answer)]
  const low = offsets.arguments + when.argument * 8
  const ending = [answerWith(otherwise), answerWith(answer)]
  if (when.isNull) {
    return [
      [opcodes.load, 0, 0, low],
      [opcodes.jumpIfEqual, 0, 2, 0],
      [opcodes.load, 0, 0, low + 4],
      [opcodes.jumpIfEqual, 1, 0, 0],
      ...ending,
    ]
  }
  if (when.anyBit !== undefined) {
    return [[opcodes.load, 0, 0, low], [opcodes.jumpIfBits, 1, 0, when.anyBit], ...ending]
  }
  const values = when.equals ?? []
  return [
    [opcodes.load, 0, 0, low],
    ...values.map((value, i): Instruction => [opcodes.jumpIfEqual, values.length - i, 0, value]),
    ...ending,
  ]
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * instructionBytes)
  const view = new DataView(bytes.buffer)
  for (const [i, [code, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(i * instructionBytes, code, true)
    view.setUint8(i * instructionBytes + 2, ifTrue)
    view.setUint8(i * instructionBytes + 3, ifFalse)
    view.setUint32(i * instructionBytes + 4, value >>> 0, true)
  }
  return bytes
}

/**
 * Puts a filter on the calling thread, or with `allThreads` on the whole process. Needs
 * `no_new_privs`. Filters stack and cannot be taken off.
 *
 * @returns a reason when the kernel refused
 */
export function installFilter(
  kernel: Kernel,
  filter: Filter,
  options: { readonly allThreads: boolean },
): string | undefined {
  const program = compileFilter(filter)
  const header = new Uint8Array(16)
  const view = new DataView(header.buffer)
  view.setUint16(0, program.length / instructionBytes, true)
  view.setBigUint64(8, kernel.place(program), true)
  const setModeFilter = 1
  const threadSync = 1
  const result = kernel.call('seccomp', setModeFilter, options.allThreads ? threadSync : 0, header)
  return result === 0
    ? undefined
    : `seccomp: ${result > 0 ? 'a thread has another filter' : errnoName(result)}`
}
