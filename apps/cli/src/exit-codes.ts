/** Exit codes of every `holdfast` command; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notSignedIn: 3,
  forbidden: 4,
  notFound: 5,
  conflict: 6,
  upstreamFailed: 7,
  serverUnreachable: 8,
  checkFailed: 9,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
