/** A failure before the real program runs, with the one thing to do about it. */
export class BootstrapError extends Error {
  constructor(message, fix, exitCode = 1) {
    super(message)
    this.name = 'BootstrapError'
    this.fix = fix
    this.exitCode = exitCode
  }
}
