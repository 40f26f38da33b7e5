import type { Client, IdentityPin, TokenStore } from '@holdfast/client'
import { CliError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

const hexOf = (fingerprint: string): string => fingerprint.replaceAll(/[\s:]/g, '').toLowerCase()

/**
 * Pins the enclave's present identity, if it is the one that the operator named.
 *
 * @throws CliError when it is not; then the old pin stays
 */
export async function trustIdentity(
  client: Client,
  store: TokenStore,
  fingerprint: string,
): Promise<IdentityPin> {
  const before = (await store.load())?.pin
  await client.keys.forgetPin()
  try {
    const { pin } = await client.keys.sealing()
    if (hexOf(pin.fingerprint) === hexOf(fingerprint)) return pin
    throw new CliError(`the enclave's fingerprint is ${pin.fingerprint}, not the one you named`, {
      exitCode: exitCodes.checkFailed,
      code: 'FINGERPRINT_MISMATCH',
      fix: 'do not seal anything; ask the operator again, over another channel',
    })
  } catch (error) {
    await store.exclusive(async () => {
      const session = await store.load()
      if (session !== undefined) await store.save({ ...session, pin: before })
    })
    throw error
  }
}
