import { CliError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

const secretOption =
  /^--?(?:password|passwd|passphrase|secret|client-secret|api-?key|token|access-token|credential|private-key)(?:=|$)/i

/** Beginnings by which well-known secrets can be told; the rest is the owner's own care. */
const secretValue =
  /^(?:ghp_|gho_|ghs_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|rk_live_|AKIA|AIza|eyJ[\w-]+\.eyJ|-----BEGIN)/

/**
 * Refuses secrets in arguments: other users can read them in the process list, and the shell keeps
 * them in its history.
 *
 * @throws CliError that never repeats the argument
 */
export function refuseSecretArguments(args: readonly string[]): void {
  const option = args.find((arg) => secretOption.test(arg))
  const value = args.some((arg) => secretValue.test(arg.replace(/^--?[\w-]+=/, '')))
  if (option === undefined && !value) return
  throw new CliError(
    option === undefined
      ? 'an argument looks like a secret'
      : `${option.split('=')[0]} is not an option: secrets are never taken as arguments`,
    {
      exitCode: exitCodes.usage,
      code: 'SECRET_IN_ARGUMENTS',
      why: 'arguments are visible in the process list and stay in the shell history',
      fix: 'leave it out and type it at the hidden prompt, or pipe it in with --secret-stdin or --password-stdin; if it was real, replace it',
    },
  )
}
