/** When a process began, and a text that nobody knew before. */
export interface ProcessStart {
  /** Unix seconds. */
  readonly seconds: () => number
  /** The same for the life of the process, and never that of another one. */
  readonly nonce: () => string
}

/**
 * Notes the start of a process whose replay store forgets with it.
 *
 * @param now - Unix milliseconds
 */
export function processStart(now: () => number): ProcessStart {
  let startMs = now()
  let nonce: string | undefined
  return {
    seconds: () => {
      // Where a Worker only starts, its clock stands at zero, and it has no random numbers.
      if (startMs === 0) startMs = now()
      return Math.floor(startMs / 1000)
    },
    nonce: () => {
      nonce ??= [...crypto.getRandomValues(new Uint8Array(16))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('')
      return nonce
    },
  }
}
