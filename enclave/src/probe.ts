import { createInterface } from 'node:readline/promises'
import { z } from 'zod'
import { type Attack, carryOut, unavailable } from './sandbox/attacks/attack.ts'
import { outsideAttacks } from './sandbox/attacks/outside-attacks.ts'
import { openKernel } from './sandbox/ffi.ts'

const targetsSchema = z.object({
  enclavePid: z.int().positive(),
  keyFiles: z.array(z.string()),
  sockets: z.array(z.string()),
  enclaveSocket: z.string().optional(),
})

const noKernel = (reason: string): Attack => ({
  id: 'system-calls',
  attack: 'attack through system calls',
  caps: 'process',
  run: () => unavailable(reason),
})

// Started by the supervisor exactly as the control plane is: what this process can do to the enclave,
// a control plane in an attacker's hands can do.
const lines = createInterface({ input: process.stdin })
const { value: line } = await lines[Symbol.asyncIterator]().next()
const targets = targetsSchema.parse(JSON.parse(String(line)))
const access = openKernel()
const attacks =
  'kernel' in access ? outsideAttacks(access.kernel, targets) : [noKernel(access.reason)]
const results = await carryOut(attacks, 'outside')
process.stdout.write(`${JSON.stringify({ event: 'probe', attacks: results })}\n`)
lines.close()
process.stdin.destroy()
