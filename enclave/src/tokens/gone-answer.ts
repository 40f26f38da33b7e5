import type { GoneAnswers } from '@holdfast/protocol'

/** Tells whether a refusal is one of those that say that the token is over or dead. */
export async function saysGone(
  response: Response,
  { statuses, errors }: GoneAnswers,
): Promise<boolean> {
  if (response.ok) return false
  if (statuses?.includes(response.status) === true) return true
  if (errors === undefined) return false
  const answer: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  const { error, status } = (answer ?? {}) as {
    readonly error?: unknown
    readonly status?: unknown
  }
  return [error, status].some((said) => typeof said === 'string' && errors.includes(said))
}
