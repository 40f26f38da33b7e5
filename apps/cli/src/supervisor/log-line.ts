import { jsonObject } from '../json-object.ts'

const ownStamp = /^\{(?:"level":"\w+",)?"time":"/

/**
 * A line of a child's stdout as its log keeps it: JSON with a time and a level. Events carry neither,
 * and what is no JSON becomes a message.
 *
 * @param now - Unix milliseconds
 */
export function logLine(line: string, now: number): string {
  if (ownStamp.test(line)) return line
  const fields = jsonObject(line)
  const isRefusal = typeof fields?.['event'] === 'string' && fields['event'].endsWith('refused')
  return stamped(isRefusal ? 'error' : 'info', fields ?? { message: line }, now)
}

/** A line of a child's stderr, which holds crashes alone. */
export const crashLine = (line: string, now: number): string =>
  stamped('error', { from: 'stderr', message: line }, now)

const stamped = (level: string, fields: object, now: number): string =>
  JSON.stringify({ time: new Date(now).toISOString(), level, ...fields })
