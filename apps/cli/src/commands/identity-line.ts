import type { ConnectionIdentity } from '@holdfast/client'
import { withoutControls } from './show.ts'

/** What the identity request said, as far as it is shown. */
export type Identity = Pick<ConnectionIdentity, 'result' | 'account' | 'status' | 'code'> &
  Partial<Pick<ConnectionIdentity, 'connection'>>

/** One line about which account a connection is. */
export function identityLine({ result, account, status, code }: Identity): string {
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
  const why = code === null ? '' : `: ${code}`
  return `The provider could not be asked${answered}${why}. Try \`holdfast connections test\` later.`
}
