/** A JSON line on stdout that the supervisor acts on. */
export function emitEvent(event: string, fields: Readonly<Record<string, unknown>>): void {
  write({ event, ...fields })
}

/** What a log line may say: fixed texts and codes of ours, never the text of an error. */
export interface LogFields {
  readonly code?: string
  readonly operation?: string
  /** Class name of an unexpected error. */
  readonly errorName?: string
}

/** A log record. `message` is fixed text. */
export function log(level: 'info' | 'warn' | 'error', message: string, fields?: LogFields): void {
  write({ time: new Date().toISOString(), level, process: 'enclave', message, ...fields })
}

/** The safe part of an unexpected error: texts and stacks may quote what was being handled. */
export function describeError(error: unknown): LogFields {
  const code = (error as { code?: unknown } | undefined)?.code
  return {
    errorName: error instanceof Error ? error.name : typeof error,
    ...(typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code) && { code }),
  }
}

function write(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
