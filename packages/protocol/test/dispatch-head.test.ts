import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDispatchHead } from '../src/dispatch-head.ts'
import { enclaveHeadSchemas } from '../src/enclave.ts'

const usual = {
  context: {
    handle: 'ddls:conn:01JD0000000000000000000000-github',
    owner: 'usr_1',
    provider: 'github',
    allowed_hosts: ['api.github.com'],
    policy: { methods: ['GET'], paths: ['/user', '/repos/**'], resources: ['*'] },
    version: 3,
  },
  record_bytes: 300,
  request: { method: 'GET', path: '/user?x=1', headers: { accept: '*/*' }, has_body: false },
  caller: {
    sub: 'usr_1',
    resource: 'https://mcp.example/mcp',
    client_id: 'client',
    dispatch_url: 'https://as.example/dispatch',
  },
  timeout_ms: 30_000,
  max_response_bytes: 1_000_000,
}

type Path = readonly string[]

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...at, key]))]
}

/** The usual head with one place changed, added or left out, as the wire would carry it. */
const changed = fc
  .record({
    path: fc.constantFrom(...pathsOf(usual)),
    how: fc.constantFrom('replace', 'remove', 'add'),
    name: fc.constantFrom('__proto__', 'proof', 'access_token', 'constructor', 'extra', '0', ''),
    value: fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(
        0,
        -1,
        1.5,
        2 ** 53,
        300_001,
        'POST',
        '*',
        [],
        {},
        null,
        'x'.repeat(4097),
      ),
    ),
  })
  .map(({ path, how, name, value }) => {
    const head = JSON.parse(JSON.stringify(usual)) as Record<string, unknown>
    let parent = head
    for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    const key = path.at(-1)
    const define = (target: object, at: string): void => {
      Object.defineProperty(target, at, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    if (how === 'add') {
      const target = key === undefined ? head : parent[key]
      if (typeof target === 'object' && target !== null) define(target, name)
    } else if (key === undefined) {
      return value
    } else if (how === 'remove') {
      delete parent[key]
    } else {
      define(parent, key)
    }
    return JSON.parse(JSON.stringify(head)) as unknown
  })

test('the usual head is read without the schema, and its context is one frozen object', () => {
  const first = readDispatchHead(structuredClone(usual))
  expect(first).toEqual(usual)
  expect(readDispatchHead(structuredClone(usual))?.context).toBe(first?.context)
  expect(Object.isFrozen(first?.context.policy.paths)).toBe(true)
})

test('nothing is read that the schema refuses or understands otherwise', () => {
  fc.assert(
    fc.property(changed, (head) => {
      const read = readDispatchHead(head)
      if (read === undefined) return
      const judged = enclaveHeadSchemas.dispatch.safeParse(head)
      expect(judged.success).toBe(true)
      expect(read).toEqual(judged.data)
    }),
    { numRuns: 4000 },
  )
})

test.each([
  ['an unknown field', { ...usual, extra: 1 }],
  ['a context of another form', { ...usual, context: { ...usual.context, extra: 1 } }],
  ['a method in lower case', { ...usual, request: { ...usual.request, method: 'get' } }],
  ['a fraction of a byte', { ...usual, record_bytes: 1.5 }],
  ['a header that is a list', { ...usual, request: { ...usual.request, headers: { a: ['b'] } } }],
])('%s is left to the schema', (_what, head) => {
  expect(readDispatchHead(head)).toBeUndefined()
})
