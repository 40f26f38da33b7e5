import { type ConnectionPolicy, type CredentialPins, policyRefusal } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { DispatchHead } from '@holdfast/protocol/enclave'
import { readableMethods } from './readable-methods.ts'

const refusals = {
  method: 'this method',
  path: 'this path',
  resource: 'the resource that asks',
} as const

/**
 * Requires that both the connection's policy and the limits sealed by its owner allow a call.
 *
 * @throws EnclaveError `POLICY_REFUSED`, `PIN_REFUSED`
 */
export function requireAllowed(
  policy: ConnectionPolicy,
  pins: CredentialPins,
  { request, caller }: DispatchHead,
  pathname: string,
): void {
  for (const method of readableMethods(request)) {
    const question = { method, pathname, resource: caller.resource }
    const byPolicy = policyRefusal(policy, question)
    if (byPolicy) {
      throw new EnclaveError(
        'POLICY_REFUSED',
        `the connection’s policy does not allow ${refusals[byPolicy]}`,
      )
    }
    const byPins = policyRefusal(pins, question)
    if (byPins) {
      throw new EnclaveError(
        'PIN_REFUSED',
        `the owner sealed the credential with limits that do not allow ${refusals[byPins]}`,
      )
    }
  }
}
