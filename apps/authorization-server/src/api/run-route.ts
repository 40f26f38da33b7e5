import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { readBody } from '../dispatch/read-body.ts'
import { parseStrictJson, StrictJsonError } from '../dispatch/strict-json.ts'
import type { Identify } from './principal.ts'
import { ApiProblem, type FieldError } from './problem.ts'
import type { AnyRoute } from './route.ts'

/** A request to the management API. */
export interface ApiRequest {
  readonly request: IncomingMessage
  /** Path as it was sent, without query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly requestId: string
}

/** Largest body: a sealed envelope of 64 KiB in base64url, and room around it. */
const maxBodyBytes = 131_072

/**
 * Runs one operation: who calls, what is asked, the operation, what may be answered.
 *
 * @throws ApiProblem, or what the operation throws
 */
export async function runRoute(
  route: AnyRoute,
  identify: Identify,
  { request, path, params, query, requestId }: ApiRequest,
): Promise<unknown> {
  const principal = await identify(request, path, route)
  const call = {
    principal,
    actor: { sub: principal.user.id, clientId: principal.clientId, requestId },
    params,
    query: route.query ? checked(route.query, query, '') : undefined,
    body: route.body ? checked(route.body, await readJson(request), '/') : undefined,
  }
  return route.response.parse(await route.handle(call))
}

/** The JSON body of a request. @throws ApiProblem when there is none that can be read */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request, { maxBytes: maxBodyBytes })
  if (bytes.length === 0) return {}
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'the body is not announced as JSON')
  }
  try {
    return parseStrictJson(bytes).value
  } catch (error) {
    if (error instanceof StrictJsonError) throw new ApiProblem('INVALID_JSON', error.message)
    throw error
  }
}

/** A value that fits its schema. @throws ApiProblem INVALID_REQUEST with the wrong fields */
export function checked(schema: z.ZodType, value: unknown, prefix: '/' | ''): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map((issue): FieldError => ({
    pointer: `${prefix}${issue.path.map(String).join('/')}`,
    detail: issue.code === 'unrecognized_keys' ? unknownFields(issue.keys) : issue.message,
  }))
  throw new ApiProblem('INVALID_REQUEST', 'the request does not have the documented form', {
    errors: errors.slice(0, 20),
  })
}

/** Names fields only when they look like names: anything else may be a secret in the wrong place. */
function unknownFields(keys: readonly string[]): string {
  const names = keys.filter((key) => /^[a-z][a-z_]{0,31}$/.test(key))
  return names.length === 0 ? 'holds an unknown field' : `unknown: ${names.join(', ')}`
}
