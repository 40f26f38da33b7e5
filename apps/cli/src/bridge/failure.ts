import { ClientError } from '@holdfast/client'
import {
  type JSONRPCErrorResponse,
  type RequestId,
  SdkHttpError,
} from '@modelcontextprotocol/client'

/** A failure as the client of the bridge sees it. */
export interface BridgeFailure {
  readonly code: string
  readonly message: string
  readonly fix: string
}

/** The range that JSON-RPC leaves to servers; MCP's SDKs use it for a lost connection. */
const connectionError = -32_000

const fixesByCode: Readonly<Record<string, string>> = {
  SERVER_UNREACHABLE:
    'start the MCP server, or correct the URL in the configuration of this client',
  NOT_REGISTERED:
    'register a client at that server and pass --client-id, as in `holdfast clients register --name Bridge --redirect-uri http://127.0.0.1/callback`',
  LOGIN_FAILED: 'try again; `holdfast doctor` with the URL shows what the server offers',
  RESOURCE_MISMATCH: 'use the URL that the server gives as its resource',
}

/** What went wrong, without anything that a server or a token said. */
export function failureOf(error: unknown, origin: string): BridgeFailure {
  if (error instanceof ClientError) {
    const fix = fixesByCode[error.code] ?? error.fix ?? 'run `holdfast doctor` with the URL'
    return { code: error.code, message: error.message, fix }
  }
  if (error instanceof SdkHttpError) return httpFailure(error.status, origin)
  return {
    code: 'UPSTREAM_FAILED',
    message: `${origin} gave an answer that is not MCP`,
    fix: 'check that the URL is that of an MCP server with Streamable HTTP',
  }
}

function httpFailure(status: number | undefined, origin: string): BridgeFailure {
  if (status === 401) {
    return {
      code: 'UNAUTHORIZED',
      message: `${origin} does not accept the token that was issued for it`,
      fix: 'run `holdfast doctor` with the URL: issuer, audience and clocks must agree',
    }
  }
  if (status === 403) {
    return {
      code: 'FORBIDDEN',
      message: `${origin} does not allow this`,
      fix: 'ask its operator for the scope, or sign in as somebody who may',
    }
  }
  if (status === 404) {
    return {
      code: 'NOT_FOUND',
      message: `${origin} has nothing at this URL (404)`,
      fix: 'correct the path of the URL',
    }
  }
  return {
    code: 'UPSTREAM_FAILED',
    message: `${origin} answered ${status ?? 'nothing'}`,
    fix: 'try again; if it stays, read the log of that server',
  }
}

/** The answer to a request that could not be answered. */
export const errorResponse = (id: RequestId, failure: BridgeFailure): JSONRPCErrorResponse => ({
  jsonrpc: '2.0',
  id,
  error: {
    code: connectionError,
    message: `${failure.message}. Fix: ${failure.fix}`,
    data: { code: failure.code, fix: failure.fix },
  },
})

/** The JSON-RPC error in the body of an HTTP error, which is the server's own answer. */
export function serversOwnAnswer(error: unknown, id: RequestId): JSONRPCErrorResponse | undefined {
  if (!(error instanceof SdkHttpError)) return undefined
  const { text } = error.data as { text?: unknown }
  if (typeof text !== 'string') return undefined
  try {
    const body = JSON.parse(text) as Partial<JSONRPCErrorResponse> | null
    const isAnswer =
      body?.jsonrpc === '2.0' &&
      typeof body.error?.code === 'number' &&
      typeof body.error.message === 'string'
    return isAnswer ? { jsonrpc: '2.0', id, error: body.error as never } : undefined
  } catch {
    return undefined
  }
}
