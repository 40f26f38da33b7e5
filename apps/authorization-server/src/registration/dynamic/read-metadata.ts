import type { IncomingMessage } from 'node:http'
import { BodyError, readBody } from '../../dispatch/read-body.ts'
import { parseStrictJson, StrictJsonError } from '../../dispatch/strict-json.ts'
import { HttpProblem } from '../../http/problem.ts'

const maxBytes = 16 * 1024
const maxDepth = 8

/**
 * Reads the JSON object of a registration.
 * @throws HttpProblem 400, 413, 415
 */
export async function readMetadata(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    request.resume()
    throw new HttpProblem(415, 'send the metadata as application/json')
  }
  const value = parse(await read(request))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('the metadata must be a JSON object')
  }
  return value as Record<string, unknown>
}

async function read(request: IncomingMessage): Promise<Buffer> {
  try {
    return await readBody(request, { maxBytes })
  } catch (error) {
    if (!(error instanceof BodyError)) throw error
    throw error.problem === 'too large'
      ? new HttpProblem(413, `the metadata is larger than ${maxBytes} bytes`, {
          error: 'invalid_client_metadata',
          headers: { Connection: 'close' },
        })
      : invalid('the request ended too early')
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    const { value } = parseStrictJson(bytes)
    if (isDeeper(value, maxDepth)) throw new StrictJsonError('too deeply nested')
    return value
  } catch (error) {
    if (error instanceof StrictJsonError) throw invalid(error.message)
    throw error
  }
}

/** Whether values nest more than so many levels; the parser bounds them, and with it this recursion. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

const invalid = (message: string): HttpProblem =>
  new HttpProblem(400, message, { error: 'invalid_client_metadata' })
