import type { Client, SealReceipt } from '@holdfast/client'
import type { Command } from 'commander'
import { identifyNew } from '../connect/identify.ts'
import type { ConnectionPlan } from '../connect/plan.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, print, printJson, withoutControls } from '../output.ts'
import { wantsJson } from './flags.ts'
import { noteIdentity } from './identity-line.ts'

/** What `connections add` and `connections rotate` say in their own words. */
interface Words {
  /** That it is sealed, without the full stop. */
  readonly sealed: string
  readonly next: string
  /** The account that the handle had before. */
  readonly formerAccount?: string | null | undefined
}

/**
 * Asks the provider which account a sealed value is, where it can be asked and nobody said
 * `--no-test`, and tells the result. The value is stored by now: a refusal sets the exit code only.
 */
export async function reportSealed(
  client: Client,
  command: Command,
  { isIdentified }: Pick<ConnectionPlan, 'isIdentified'>,
  { handle, pin, firstUse, connection }: SealReceipt,
  { sealed, next, formerAccount }: Words,
): Promise<void> {
  const { test } = command.opts<{ readonly test: boolean }>()
  const identity = isIdentified && test ? await identifyNew(client, handle) : undefined
  const isRefused = identity?.result === 'refused'
  if (isRefused) process.exitCode = exitCodes.upstreamFailed
  if (wantsJson(command)) {
    const enclave = { fingerprint: pin.fingerprint, first_use: firstUse }
    const { result = null, account = null, status = null, reason = null } = identity ?? {}
    return printJson({
      handle,
      connection: identity?.connection ?? connection,
      enclave,
      identity: { result, account, status, reason },
    })
  }
  print(handle)
  note(`${sealed} ${pin.fingerprint}${firstUse ? ' (trusted from now on)' : ''}.`)
  if (identity) noteIdentity(identity)
  const { account = null } = identity ?? {}
  if (formerAccount && account !== null && account !== formerAccount) {
    note(`It was another account until now: ${withoutControls(formerAccount)}`)
  }
  return note(isRefused ? `Next, with the right key: holdfast connections rotate ${handle}` : next)
}
