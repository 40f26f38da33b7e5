import { ClientError, type ClientErrorCode, type FieldError } from './errors.ts'

/** The part of the platform's `fetch` that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The platform's `fetch`, looked up at each call so that it may be replaced. */
export const platformFetch: Fetch = (url, init) => globalThis.fetch(url, init)

/**
 * Sends a request and turns the absence of an answer into a typed error; a caller that gives up gets his
 * own reason back. Redirects are never followed.
 */
export async function send(fetch: Fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', ...init })
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    init.signal?.throwIfAborted()
    throw new ClientError('SERVER_UNREACHABLE', `${new URL(url).origin} does not answer`, {
      fix: 'check that the server runs and that the issuer URL is right',
      cause,
    })
  }
}

const codeOfStatus: Readonly<Record<number, ClientErrorCode>> = {
  400: 'INVALID_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'INVALID_REQUEST',
  422: 'INVALID_REQUEST',
  429: 'RATE_LIMITED',
}

/** The error that a refusal by the server stands for: RFC 9457 problem documents and OAuth errors. */
export async function errorOf(response: Response): Promise<ClientError> {
  const body = await readJson(response)
  const text = (name: string): string | undefined => {
    const value = body[name]
    return typeof value === 'string' && value.length <= 2000 ? value : undefined
  }
  const code = codeOfStatus[response.status] ?? 'SERVER_ERROR'
  const message =
    text('detail') ??
    text('error_description') ??
    text('title') ??
    text('error') ??
    `the server answered ${response.status}`
  return new ClientError(code, message, {
    problem: text('code') ?? text('error'),
    fix: text('fix'),
    status: response.status,
    fields: fieldsOf(body['errors']),
    requestId: text('request_id') ?? response.headers.get('x-request-id') ?? undefined,
  })
}

function fieldsOf(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return []
  return errors.filter(
    (error: Partial<FieldError> | null): error is FieldError =>
      typeof error?.pointer === 'string' && typeof error.detail === 'string',
  )
}

/** The JSON object of an answer; empty when it is none. */
export async function readJson(response: Response): Promise<Record<string, unknown>> {
  try {
    const value: unknown = await response.json()
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
