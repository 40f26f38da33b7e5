import { type IsolationLevel, isolationReportSchema } from '@holdfast/protocol/enclave'
import type { Child, ChildEvent } from './child.ts'
import { measure, type MeasuredIsolation, meetsFloor, type OutsideAttacks } from './isolation.ts'

export interface HandshakeOptions {
  readonly floor: IsolationLevel
  /** Attacks the running enclave from outside. */
  readonly probe: (enclavePid: number) => Promise<OutsideAttacks>
  /** Fresh copy of the root key; wiped here after delivery. */
  readonly readRootKey: () => Buffer
  readonly onMeasured: (isolation: MeasuredIsolation) => void
}

/**
 * Answers the enclave's self-test: probes it from outside and hands over the root key if the measured
 * level reaches the floor. Below it the pipe is closed without a byte and the enclave refuses.
 */
export async function answerSelfTest(
  event: ChildEvent,
  child: Child,
  options: HandshakeOptions,
): Promise<void> {
  const pipe = child.keyPipe
  const report = isolationReportSchema.safeParse(event['report'])
  if (!report.success || child.pid === undefined) {
    pipe.end()
    return
  }
  const inside = measure(report.data, [], options.floor)
  if (!meetsFloor(inside)) {
    // The enclave refuses by itself at this moment: the reason has to be known before it is gone.
    options.onMeasured(inside)
    pipe.end()
    return
  }
  const outside = await options.probe(child.pid)
  const isolation = measure(report.data, outside, options.floor)
  options.onMeasured(isolation)
  if (!meetsFloor(isolation)) {
    pipe.end()
    return
  }
  const key = options.readRootKey()
  const head = JSON.stringify({ level: isolation.level, outside: outside ?? [] })
  const message = Buffer.concat([Buffer.from(`${head}\n`), key])
  key.fill(0)
  pipe.end(message, () => message.fill(0))
}
