import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deepFreeze } from '../src/deep-freeze.ts'
import { parseDispatchHead, readDispatchHead, writeDispatchHead } from '../src/dispatch-head.ts'
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

/** What a function makes of a text: a value, or a refusal. */
function outcome(read: (text: string) => unknown, text: string): unknown {
  try {
    return { value: read(text) }
  } catch {
    return 'refused'
  }
}

/** Texts near the usual one: another place, cut, filled in between, with a member twice. */
const nearText = fc
  .record({
    head: fc.oneof(changed, fc.constant<unknown>(usual)),
    at: fc.nat(1000),
    remove: fc.integer({ min: 0, max: 2 }),
    insert: fc.constantFrom(
      '',
      '',
      ' ',
      ',',
      '}',
      '"',
      '"context":{},',
      '"__proto__":1,',
      '\\u0063',
    ),
    isContextTwice: fc.boolean(),
  })
  .map(({ head, at, remove, insert, isContextTwice }) => {
    const text = JSON.stringify(head)
    const twice = isContextTwice ? `${text.slice(0, -1)},"context":{"handle":"x"}}` : text
    const cut = Math.min(at, twice.length)
    return remove === 0 && insert === ''
      ? twice
      : twice.slice(0, cut) + insert + twice.slice(cut + remove)
  })

test('a head of known context is the same value as JSON.parse gives, and is refused like it', () => {
  readDispatchHead(structuredClone(usual))
  const beginning = `{"context":${JSON.stringify(usual.context)},`
  fc.assert(
    fc.property(nearText, (text) => {
      expect(outcome(parseDispatchHead, text)).toEqual(outcome(JSON.parse, text))
    }),
    {
      numRuns: 4000,
      // Nothing behind the context but the end: JSON has no such comma.
      examples: ['}', ' }', ',}', ''].map((end): [string] => [beginning + end]),
    },
  )
})

test('what is written is read as it was, whether its context is frozen or changes', () => {
  const head = enclaveHeadSchemas.dispatch.parse(structuredClone(usual))
  const changing = structuredClone(head.context) as { version: number }
  deepFreeze(head.context)
  for (const version of [3, 4, 5]) {
    changing.version = version
    const other = { ...head, context: changing as typeof head.context }
    expect(JSON.parse(writeDispatchHead(other))).toEqual(other)
    expect(JSON.parse(writeDispatchHead(head))).toEqual(usual)
  }
})

test('a head of known context gets the context that was checked, in a text of any other', () => {
  const head = enclaveHeadSchemas.dispatch.parse(structuredClone(usual))
  const first = readDispatchHead(parseDispatchHead(writeDispatchHead(head)))
  const second = readDispatchHead(parseDispatchHead(writeDispatchHead(head)))
  expect(second).toEqual(usual)
  expect(second?.context).toBe(first?.context)
  const next = { ...head, context: { ...head.context, version: 4 } }
  expect(readDispatchHead(parseDispatchHead(writeDispatchHead(next)))).toEqual(next)
})
