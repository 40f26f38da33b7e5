function print(text: string): void {
  // oxlint-disable-next-line eslint/no-console -- what failed must not be silent where nobody listens
  console.error(`holdfast: ${text}`)
}

function* causesOf(error: unknown): Generator<unknown> {
  // Bounded, because a cause may lead back to its effect.
  for (let one = error, depth = 0; one !== undefined && depth < 5; depth += 1) {
    yield one
    one = one instanceof Error ? one.cause : undefined
  }
}

/** Prints a failure of the application and where it happened, but nothing that the error carries. */
export function printFailure(error: unknown): void {
  const stacks = [...causesOf(error)].map((one) =>
    one instanceof Error ? (one.stack ?? one.message) : 'a failure that is no Error',
  )
  print(`a request failed: ${stacks.join('\ncaused by ')}`)
}

const quietMs = 10_000

/**
 * Prints what stops the guard from checking requests: each time something else, and the same thing
 * every ten seconds, since every request meets it.
 *
 * @param now - Unix milliseconds
 */
export function createGuardFailurePrinter(now: () => number): (error: unknown) => void {
  let last = ''
  let lastMs = Number.NEGATIVE_INFINITY
  return (error) => {
    const messages = [...causesOf(error)].map((one) =>
      one instanceof Error ? one.message : 'a failure that is no Error',
    )
    const text = [...new Set(messages)].join(': ')
    if (text === last && now() - lastMs < quietMs) return
    last = text
    lastMs = now()
    print(`requests cannot be checked: ${text}`)
  }
}
