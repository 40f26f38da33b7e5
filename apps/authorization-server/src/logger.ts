import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config.ts'

/** Field names whose values are secrets wherever they stand in a record. */
const secretFields = [
  'authorization',
  'cookie',
  'set-cookie',
  'dpop',
  'password',
  'client_secret',
  'secret',
  'key',
  'code',
  'code_verifier',
  'refresh_token',
  'access_token',
  'subject_token',
  'token',
  'sealed',
  'record',
]

/**
 * Makes the logger: JSON lines on stdout. Requests are logged by method, path, status and id, never
 * by header, query or body; the redaction below is the second line of defence.
 */
export function createLogger(
  config: Pick<Config, 'logLevel'>,
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger {
  return pino(
    {
      level: config.logLevel,
      messageKey: 'message',
      base: { process: 'authorization-server' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: {
        paths: secretFields.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
        censor: '[redacted]',
      },
      serializers: { err: safeError },
    },
    destination,
  )
}

/** An error without its enumerable fields, which in libraries may hold requests and tokens. */
function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error }
  const { name, message, stack } = error
  const code = (error as { code?: unknown }).code
  return {
    name,
    message,
    // `code` is the name of an authorization code, which is never logged.
    ...(typeof code === 'string' && { error_code: code }),
    ...(stack !== undefined && { stack: stack.split('\n').slice(1, 12).join('\n') }),
    ...(error.cause !== undefined && { cause: safeError(error.cause) }),
  }
}
