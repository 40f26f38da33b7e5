/** Why an assertion is refused; `message` never repeats what it holds. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}
