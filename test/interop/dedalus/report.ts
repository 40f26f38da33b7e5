/** The table of what was tried. */
import { styleText } from 'node:util'

/** Tries things and remembers what came of them. */
export interface Report {
  /** Starts a group. */
  part(title: string): void
  /** Tries one thing; what it returns is shown as what was seen. Never throws. */
  check(claim: string, attempt: () => Promise<string>): Promise<void>
  readonly passed: number
  readonly failed: number
}

/** A report that writes each line when it is known. */
export function createReport(): Report {
  let passed = 0
  let failed = 0
  return {
    part: (title) => console.log(`\n${styleText('bold', title)}`),
    check: async (claim, attempt) => {
      const [ok, seen] = await attempt().then(
        (text) => [true, text] as const,
        (error: unknown) =>
          [false, error instanceof Error ? error.message : String(error)] as const,
      )
      if (ok) passed += 1
      else failed += 1
      const mark = ok ? styleText('green', '✓') : styleText('red', '✗')
      console.log(`${mark} ${claim.padEnd(68)} ${styleText('dim', seen)}`)
    },
    get passed() {
      return passed
    },
    get failed() {
      return failed
    },
  }
}
