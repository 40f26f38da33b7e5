import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { DispatchErrorCode, HttpRequest, HttpResponse } from '@holdfast/protocol/dispatch'
import type { TestConnection } from './connections.ts'

/** An upstream that gave no answer. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure'
  readonly code: DispatchErrorCode

  constructor(code: DispatchErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What stands where the upstream said the credential. The real enclave says the same. */
const redaction = '[redacted by holdfast]'

const defaultTimeoutMs = 30_000

/**
 * Makes the call over verified TLS, without following redirects.
 *
 * @throws UpstreamFailure
 */
export async function callUpstream(
  { baseUrl, caPem, credential }: TestConnection,
  call: HttpRequest,
): Promise<HttpResponse> {
  const { body = null, timeout_ms: timeoutMs } = call
  const text = body === null ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const signal = AbortSignal.timeout(timeoutMs ?? defaultTimeoutMs)
  const request = httpsRequest(`${baseUrl.replace(/\/$/, '')}${call.path}`, {
    method: call.method,
    signal,
    agent: false,
    ...(caPem !== undefined && { ca: caPem }),
    headers: {
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...call.headers,
      [credential.header]: credential.value,
    },
  })
  try {
    request.end(text)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return read(response, await buffer(response), credential.value)
  } catch (error) {
    throw failureOf(error, signal.aborted)
  }
}

function failureOf(error: unknown, timedOut: boolean): UpstreamFailure {
  if (timedOut) return new UpstreamFailure('DOWNSTREAM_TIMEOUT', 'the upstream took too long')
  const { code = '' } = error as NodeJS.ErrnoException
  return /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
    ? new UpstreamFailure('DOWNSTREAM_TLS_ERROR', 'the certificate of the upstream is not trusted')
    : new UpstreamFailure('DOWNSTREAM_UNREACHABLE', 'the upstream does not answer')
}

function read(response: IncomingMessage, bytes: Buffer, secret: string): HttpResponse {
  const redact = (text: string): string => text.replaceAll(secret, redaction)
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    if (name !== 'set-cookie' && values !== undefined) headers[name] = redact(values.join(', '))
  }
  const type = headers['content-type'] ?? ''
  const status = response.statusCode ?? 502
  if (bytes.length === 0) return { status, headers, body: null }
  if (type !== '' && !/^text\/|json|xml|urlencoded/.test(type)) {
    return { status, headers, body: bytes.toString('base64'), body_encoding: 'base64' }
  }
  return { status, headers, body: bodyOf(redact(bytes.toString('utf8')), type) }
}

function bodyOf(text: string, type: string): HttpResponse['body'] {
  if (!/\bjson\b/.test(type)) return text
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as HttpResponse['body']) : text
  } catch {
    return text
  }
}
