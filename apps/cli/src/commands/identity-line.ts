import type { ConnectionIdentity } from '@holdfast/client'
import { type DispatchErrorCode, dispatchErrors } from '@holdfast/protocol'
import { dispatchError } from '../dispatch-failure.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, withoutControls } from '../output.ts'

/** What the identity request said, as far as it is shown. */
export type Identity = Pick<
  ConnectionIdentity,
  'result' | 'account' | 'status' | 'code' | 'reason'
> &
  Partial<Pick<ConnectionIdentity, 'connection'>>

/** One line about which account a connection is. */
export function identityLine({ result, account, status, code, reason }: Identity): string {
  const answered = status === null ? '' : ` (HTTP ${status})`
  if (result === 'ok') {
    return account === null
      ? `The provider accepts it${answered}.`
      : `Account: ${withoutControls(account)}`
  }
  if (result === 'refused') {
    return `The provider does not accept it${answered}: the key is wrong or was revoked.`
  }
  if (result === 'forbidden') {
    return `The provider does not say which account it is${answered}: the key is wrong, or lacks the right to ask.`
  }
  if (result === 'unavailable') {
    return 'The catalog has no harmless request that would name the account.'
  }
  const why = reason ?? code
  return `The provider could not be asked${answered}${why === null ? '' : `: ${withoutControls(why)}`}.`
}

/** An identity request that did not name the account, as an error for people. */
export function identityError(identity: Identity): CliError {
  const { result, code, reason } = identity
  const message = identityLine(identity)
  if (isDispatchCode(code)) {
    const { retryable } = dispatchErrors[code]
    const { exitCode, fix } = dispatchError({ code, message: reason ?? '', retryable })
    return new CliError(message, { exitCode, code, fix })
  }
  return result === 'refused'
    ? new CliError(message, {
        exitCode: exitCodes.upstreamFailed,
        code: 'CREDENTIAL_REFUSED',
        fix: 'give it the right key: `holdfast connections rotate`',
      })
    : new CliError(message, { exitCode: exitCodes.upstreamFailed, code: code ?? 'UPSTREAM' })
}

/** Says which account it is, or what kept the provider from being asked and what to do. */
export function noteIdentity(identity: Identity): void {
  note(identityLine(identity))
  if (identity.result !== 'failed') return
  note(`  fix: ${identityError(identity).fix ?? 'try `holdfast connections test` later'}`)
}

const isDispatchCode = (code: string | null): code is DispatchErrorCode =>
  code !== null && Object.hasOwn(dispatchErrors, code)
