import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dispatchRequestSchema, isDispatchRequest } from '../src/index.ts'

const handle = 'ddls:conn:01JD0000000000000000000000-github'
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>('', 0, 999, 1000, 300_001, 1.5, null, [], {}, true, 'x'.repeat(8193)),
)
const orAnything = <Value>(usual: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: anything })
const text = fc.constantFrom('a', 'ä', '\n', '\u0100', 'b c')
const name = fc.constantFrom(
  'accept',
  'X-A',
  '__proto__',
  'constructor',
  'a b',
  '',
  'ä',
  'x'.repeat(129),
)

const requests = orAnything(
  fc.record(
    {
      connection_handle: orAnything(fc.constantFrom(handle, 'ddls:conn:', `${handle}\n`)),
      request: orAnything(
        fc.record(
          {
            method: orAnything(fc.constantFrom('GET', 'POST', 'get', 'HEAD')),
            path: orAnything(fc.constantFrom('/user', '/')),
            body: fc.option(anything, { nil: undefined }),
            headers: orAnything(fc.dictionary(name, orAnything(text), { maxKeys: 2 })),
            timeout_ms: orAnything(fc.constantFrom(1000, 300_000)),
          },
          { requiredKeys: ['method', 'path'] },
        ),
      ),
    },
    { requiredKeys: ['connection_handle', 'request'] },
  ),
)

test('the quick check accepts nothing that the schema refuses, and refuses nothing usual', () => {
  let accepted = 0
  fc.assert(
    fc.property(requests, (value) => {
      const parsed = JSON.parse(JSON.stringify(value)) as unknown
      if (!isDispatchRequest(parsed)) return
      accepted += 1
      expect(dispatchRequestSchema.safeParse(parsed).success).toBe(true)
    }),
    { numRuns: 10_000 },
  )
  expect(accepted).toBeGreaterThan(100)
})

test('unknown fields are left to the schema', () => {
  const request = { method: 'GET', path: '/' }
  expect(isDispatchRequest({ connection_handle: handle, request, extra: 1 })).toBe(false)
  const outer = { connection_handle: handle, request: { ...request, extra: 1 } }
  expect(isDispatchRequest(outer)).toBe(false)
})

test.each([
  { method: 'GET', path: '/user' },
  { method: 'POST', path: '/x?y=1', body: { a: [1, null] }, headers: { accept: '*/*' } },
  { method: 'PUT', path: '/x', body: 'text', headers: null, timeout_ms: null },
])('a usual request needs no schema: %j', (request) => {
  expect(isDispatchRequest({ connection_handle: handle, request })).toBe(true)
})

test('a header whose name some readers of an object do not see is left to the schema', () => {
  const request = JSON.parse('{"method":"GET","path":"/","headers":{"__proto__":"x"}}') as unknown
  expect(isDispatchRequest({ connection_handle: handle, request })).toBe(false)
})
