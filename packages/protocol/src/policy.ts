import { z } from 'zod'

/** Methods that a dispatch may use. */
export const dispatchMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type DispatchMethod = (typeof dispatchMethods)[number]

const methodList = z.array(z.enum([...dispatchMethods, '*'])).max(6)
const maxStars = 16
/** Zod schema of a path pattern. */
export const pathPatternSchema = z
  .string()
  .max(512)
  .regex(/^\/[\x21-\x7e]*$/, 'a path pattern starts with / and is printable ASCII')
  .refine((pattern) => !/[?#\\;]|\/\/|\/\.{1,2}(?:\/|$)/.test(pattern), {
    message: 'a path pattern holds no query, fragment, dot or empty segment',
  })
  .refine((pattern) => pattern.split('*').length <= maxStars + 1, {
    message: 'a path pattern holds at most 16 stars',
  })
const resourceList = z.array(z.string().min(1).max(512)).max(50)

/**
 * What a Connection may be used for. Every list is an allow-list; an empty list allows nothing.
 *
 * Path patterns: `*` stands for one segment's part (never `/`), `**` for anything from there on.
 */
export const connectionPolicySchema = z.strictObject({
  /** HTTP methods, or `*`. */
  methods: methodList,
  /** Path patterns below the base URL. */
  paths: z.array(pathPatternSchema).max(100),
  /** Canonical URIs of the resources (MCP servers) that may use it, or `*`. */
  resources: resourceList,
})

export type ConnectionPolicy = z.infer<typeof connectionPolicySchema>

/**
 * Limits sealed with the credential by its owner. Each absent list limits nothing; a present one
 * can only be changed by sealing again.
 */
export const credentialPinsSchema = z.strictObject({
  methods: methodList.optional(),
  paths: z.array(pathPatternSchema).max(100).optional(),
  resources: resourceList.optional(),
  /** RFC 7638 thumbprints of the DPoP keys that may dispatch; the enclave checks the proof itself. */
  dpop_jkts: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/))
    .max(50)
    .optional(),
})

export type CredentialPins = z.infer<typeof credentialPinsSchema>

/** The parts of a dispatch that a policy decides on. */
export interface PolicyQuestion {
  readonly method: DispatchMethod
  /** Path without query, as checked by `parseRequestPath`. */
  readonly pathname: string
  /** Canonical URI of the resource on whose behalf the call is made. */
  readonly resource: string
}

/** Which list refused the call; `undefined` when all allow it. */
export type PolicyRefusal = 'method' | 'path' | 'resource' | undefined

/** Decides a call against a policy or against sealed pins (where an absent list limits nothing). */
export function policyRefusal(
  policy: ConnectionPolicy | CredentialPins,
  question: PolicyQuestion,
): PolicyRefusal {
  const { methods, paths, resources } = policy
  if (methods && !methods.some((method) => method === '*' || method === question.method)) {
    return 'method'
  }
  if (paths && !paths.some((pattern) => pathMatches(pattern, question.pathname))) return 'path'
  if (resources && !resources.some((uri) => uri === '*' || uri === question.resource)) {
    return 'resource'
  }
  return undefined
}

/** Tells whether a path matches a pattern of `*` (within a segment) and `**` (anything). */
export function pathMatches(pattern: string, pathname: string): boolean {
  const { literals, wildcards } = compiled(pattern)
  const [prefix = ''] = literals
  if (!pathname.startsWith(prefix)) return false
  if (wildcards.length === 0) return pathname.length === prefix.length
  // Where the parts matched so far may end. A regular expression would try every combination, which
  // for a hostile pattern takes forever; this takes the path's length times the wildcards.
  let ends: readonly number[] = [prefix.length]
  for (const [index, wildcard] of wildcards.entries()) {
    const literal = literals[index + 1] ?? ''
    if (wildcard === '**' && literal === '' && index === wildcards.length - 1) return true
    ends = endsAfter(pathname, ends, wildcard, literal)
    if (ends.length === 0) return false
  }
  return ends.at(-1) === pathname.length
}

// Characters that no path and no pattern holds: any part of one segment, and any text whatever.
const anyPart = '\u0001'
const anyText = '\u0002'

/**
 * Tells whether one pattern allows every path that another allows. What stands for a wildcard of the
 * narrow one can only be taken up by a wildcard of the wide one that takes at least as much.
 */
export const patternCovers = (wide: string, narrow: string): boolean =>
  pathMatches(
    wide,
    narrow.replace(/\*{1,2}/g, (wildcard) => (wildcard === '*' ? anyPart : anyText)),
  )

/** Where a wildcard and then a literal may end, given where the parts before them may. Ascending. */
function endsAfter(
  pathname: string,
  starts: readonly number[],
  wildcard: Wildcard,
  literal: string,
): number[] {
  const ends: number[] = []
  let isWithin = false
  let next = 0
  for (let at = starts[0] ?? 0; at <= pathname.length; at++) {
    if (starts[next] === at) {
      isWithin = true
      next++
    }
    if (isWithin && pathname.startsWith(literal, at)) ends.push(at + literal.length)
    if (wildcard === '*' && (pathname[at] === '/' || pathname[at] === anyText)) isWithin = false
  }
  return ends
}

type Wildcard = '*' | '**'

/** One literal more than wildcards: they alternate. */
interface CompiledPattern {
  readonly literals: readonly string[]
  readonly wildcards: readonly Wildcard[]
}

const patternCache = new Map<string, CompiledPattern>()
const patternCacheLimit = 1000

function compiled(pattern: string): CompiledPattern {
  const known = patternCache.get(pattern)
  if (known) return known
  const parts = pattern.split(/(\*{1,2})/)
  const result = {
    literals: parts.filter((_, index) => index % 2 === 0),
    wildcards: parts.filter((_, index) => index % 2 === 1) as Wildcard[],
  }
  if (patternCache.size >= patternCacheLimit) patternCache.clear()
  patternCache.set(pattern, result)
  return result
}
