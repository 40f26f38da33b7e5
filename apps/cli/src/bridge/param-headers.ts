import type { JSONRPCRequest } from '@modelcontextprotocol/client'

interface Declared {
  readonly header: string
  readonly path: readonly string[]
}

/**
 * Headers that repeat arguments of a tool, where its schema says so: clients on stdio send none, and
 * servers on Streamable HTTP refuse a call without them.
 *
 * @see {@link https://modelcontextprotocol.io/specification/2026-07-28/basic/transports} `x-mcp-header`
 */
export interface ParamHeaders {
  /** Reads the tools in an answer that passes by. */
  readonly learn: (result: unknown) => void
  readonly of: (request: JSONRPCRequest) => Readonly<Record<string, string>> | undefined
}

/** Remembers the declarations of the tools that were listed. */
export function paramHeaders(): ParamHeaders {
  const byTool = new Map<string, readonly Declared[]>()
  return {
    learn(result) {
      const { tools } = (result ?? {}) as { tools?: unknown }
      if (!Array.isArray(tools)) return
      for (const { name, inputSchema } of tools as { name?: unknown; inputSchema?: unknown }[]) {
        if (typeof name === 'string') byTool.set(name, [...declaredIn(inputSchema, [])])
      }
    },
    of({ method, params }) {
      if (method !== 'tools/call') return undefined
      const declared = byTool.get(String(params?.['name'])) ?? []
      const headers = declared.flatMap(({ header, path }) => {
        const value = valueAt(params?.['arguments'], path)
        return value === undefined ? [] : [[`Mcp-Param-${header}`, encode(value)] as const]
      })
      return headers.length === 0 ? undefined : Object.fromEntries(headers)
    },
  }
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function* declaredIn(schema: unknown, path: readonly string[]): Generator<Declared> {
  if (typeof schema !== 'object' || schema === null || path.length > 16) return
  const header = (schema as Record<string, unknown>)['x-mcp-header']
  if (typeof header === 'string' && token.test(header)) yield { header, path }
  const { properties } = schema as { properties?: unknown }
  if (typeof properties !== 'object' || properties === null) return
  for (const [name, child] of Object.entries(properties)) yield* declaredIn(child, [...path, name])
}

function valueAt(root: unknown, path: readonly string[]): string | undefined {
  let node = root
  for (const key of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined
    node = (node as Record<string, unknown>)[key]
  }
  return ['string', 'boolean'].includes(typeof node) || Number.isSafeInteger(node)
    ? String(node)
    : undefined
}

/** Plain where it is safe in a header, else as UTF-8 in base64 between the marks of the specification. */
function encode(value: string): string {
  const isSafe =
    value !== '' &&
    value === value.trim() &&
    /^[\t\x20-\x7e]*$/.test(value) &&
    !/^=\?base64\?.*\?=$/.test(value)
  return isSafe ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`
}
