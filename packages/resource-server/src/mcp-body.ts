/** A request whose JSON body was read, once, for everybody behind. */
export interface ReadRequest {
  readonly request: Request
  /** Undefined when the body is no JSON; the SDK then says what is wrong with it. */
  readonly parsedBody?: unknown
}

async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > maxBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/**
 * Reads the body of a request to an MCP endpoint. What is checked here is the very value that the SDK
 * then works on, so that no two readings of one body can differ. Undefined when it is too large.
 */
export async function readMcpRequest(
  request: Request,
  maxBytes: number,
): Promise<ReadRequest | undefined> {
  if (request.method !== 'POST') return { request }
  const text = await readText(request, maxBytes)
  if (text === undefined) return undefined
  const { url, method, headers, signal } = request
  const again = new Request(url, { method, headers, body: text, signal })
  try {
    return { request: again, parsedBody: JSON.parse(text) as unknown }
  } catch {
    return { request: again }
  }
}

/** The answer to a request whose body is too large. */
export function tooLarge(maxBytes: number): Response {
  const error = { code: -32600, message: `the request is longer than ${maxBytes} bytes` }
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 413 })
}
