import { BoundedCache } from './bounded-cache.ts'
import { type RecordContext, recordContextSchema } from './connection.ts'
import { deepFreeze, isDeepFrozen } from './deep-freeze.ts'
import { type DispatchHead, rememberedConnections } from './enclave.ts'
import { dispatchMethods } from './policy.ts'

// Every dispatch crosses this edge, and nearly every one brings a context that was checked before:
// contexts change only when their owner changes something.
const contexts = new BoundedCache<RecordContext>(rememberedConnections)
const longestRemembered = 4096
/** All contexts that were checked here: they are frozen, so they stay what they were. */
const checked = new WeakSet<object>()

/** How a head with a checked context begins, by the first characters of it, in which the handle is. */
const beginnings = new BoundedCache<{ readonly text: string; readonly context: RecordContext }>(
  rememberedConnections,
)
const beginningKey = 96
const quote = 0x22

/** The text of frozen contexts, which does not change. */
const written = new WeakMap<RecordContext, string>()

/** The head as JSON. A frozen context is written once. */
export function writeDispatchHead(head: DispatchHead): string {
  const { record_bytes, request, caller, timeout_ms, max_response_bytes } = head
  const rest = JSON.stringify({ record_bytes, request, caller, timeout_ms, max_response_bytes })
  return `${beginningOf(head.context)}${rest.slice(1)}`
}

function beginningOf(context: RecordContext): string {
  const known = written.get(context)
  if (known !== undefined) return known
  const text = `{"context":${JSON.stringify(context)},`
  if (isDeepFrozen(context)) written.set(context, text)
  return text
}

/**
 * The same value as `JSON.parse` gives; a context that was checked before is not parsed again.
 *
 * @throws SyntaxError
 */
export function parseDispatchHead(text: string): unknown {
  const known = beginnings.get(text.slice(0, beginningKey))
  if (known && text.startsWith(known.text) && text.charCodeAt(known.text.length) === quote) {
    const rest = JSON.parse(`{${text.slice(known.text.length)}`) as Record<string, unknown>
    if (!Object.hasOwn(rest, 'context')) {
      rest['context'] = known.context
      return rest
    }
  }
  return JSON.parse(text)
}

/**
 * The head of a dispatch, if it is one of the usual form. It accepts nothing that the schema of the
 * operation refuses, and costs a tenth of it; what it does not know is for the schema to judge.
 *
 * The context is frozen, and the same object for the same text.
 */
export function readDispatchHead(value: unknown): DispatchHead | undefined {
  if (!isObject(value) || !hasOnly(value, headNames)) return undefined
  const { record_bytes, request, caller, timeout_ms, max_response_bytes } = value
  const isUsual =
    isWhole(record_bytes, 1, Number.MAX_SAFE_INTEGER) &&
    isWhole(timeout_ms, 1, 300_000) &&
    isWhole(max_response_bytes, 1, Number.MAX_SAFE_INTEGER) &&
    isRequest(request) &&
    isCaller(caller)
  if (!isUsual) return undefined
  const context = knownContext(value['context'])
  return context && { record_bytes, request, caller, timeout_ms, max_response_bytes, context }
}

function knownContext(value: unknown): RecordContext | undefined {
  if (typeof value === 'object' && value !== null && checked.has(value)) {
    return value as RecordContext
  }
  // Equal texts are equal values, so a text that was checked once need not be checked again.
  const text = JSON.stringify(value) ?? ''
  if (text.length > longestRemembered) return undefined
  const context = contexts.get(text) ?? checkedContext(value, text)
  if (!context) return undefined
  const beginning = `{"context":${text},`
  beginnings.set(beginning.slice(0, beginningKey), { text: beginning, context })
  return context
}

function checkedContext(value: unknown, text: string): RecordContext | undefined {
  const parsed = recordContextSchema.safeParse(value)
  if (!parsed.success) return undefined
  const context = deepFreeze(parsed.data)
  contexts.set(text, context)
  checked.add(context)
  return context
}

const headNames = new Set([
  'context',
  'record_bytes',
  'request',
  'caller',
  'timeout_ms',
  'max_response_bytes',
])
const requestNames = new Set(['method', 'path', 'headers', 'has_body'])
const callerNames = new Set([
  'sub',
  'resource',
  'client_id',
  'proof',
  'access_token',
  'dispatch_url',
])

function isRequest(value: unknown): value is DispatchHead['request'] {
  return (
    isObject(value) &&
    hasOnly(value, requestNames) &&
    (dispatchMethods as readonly unknown[]).includes(value['method']) &&
    isText(value['path']) &&
    typeof value['has_body'] === 'boolean' &&
    isTextRecord(value['headers'])
  )
}

function isCaller(value: unknown): value is DispatchHead['caller'] {
  return (
    isObject(value) &&
    hasOnly(value, callerNames) &&
    isText(value['sub']) &&
    isText(value['resource']) &&
    isText(value['client_id']) &&
    isText(value['dispatch_url']) &&
    (value['proof'] === undefined || isText(value['proof'], 4096)) &&
    (value['access_token'] === undefined || isText(value['access_token'], 16_384))
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function hasOnly(value: object, names: ReadonlySet<string>): boolean {
  for (const name in value) if (!names.has(name)) return false
  return true
}

const isText = (value: unknown, maxLength = Number.MAX_SAFE_INTEGER): value is string =>
  typeof value === 'string' && value.length <= maxLength

const isWhole = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  if (!isObject(value)) return false
  for (const name in value) if (name === '__proto__' || !isText(value[name])) return false
  return true
}
