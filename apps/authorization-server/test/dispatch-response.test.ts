import { dispatchResponseSchema } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { success } from '../src/dispatch/answer.ts'

const answer = (contentType: string | undefined, body: string | Uint8Array) => {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  const { text } = success({
    result: { status: 200, headers, host: 'api.example.com' },
    body: typeof body === 'string' ? Buffer.from(body) : body,
  })
  const parsed = dispatchResponseSchema.parse(JSON.parse(text))
  if (!parsed.success) throw new Error('expected a success')
  return { text, ...parsed.response }
}

describe('the wire form of an upstream answer', () => {
  test.each([
    ['application/json', '{"a":[1,null]}', { a: [1, null] }],
    ['application/problem+json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/json', '[1,2]', [1, 2]],
    ['application/json', '"text"', 'text'],
    ['application/json', '42', '42'],
    ['application/json', ' true\n', 'true'],
    ['application/json', 'null', null],
    ['application/json', '{broken', '{broken'],
    ['application/json', '', null],
    ['text/plain', '{"a":1}', '{"a":1}'],
    ['text/html; charset="iso-8859-1"', new Uint8Array([0x61, 0xe9]), 'aé'],
    [undefined, 'plain', 'plain'],
    ['application/xml', '<a/>', '<a/>'],
  ])('of %s %j is %j', (contentType, body, expected) => {
    const { body: wire, body_encoding } = answer(contentType, body)
    expect(wire).toEqual(expected)
    expect(body_encoding).toBeUndefined()
  })

  test.each([
    ['image/png', new Uint8Array([0x89, 0x50, 0x4e, 0x47])],
    ['application/octet-stream', Buffer.from('text')],
    ['text/plain', new Uint8Array([0xff, 0xfe, 0x00])],
    ['text/plain; charset=no-such', new Uint8Array([0x61])],
    [undefined, new Uint8Array([0xff])],
  ])('of %s that is not text is base64', (contentType, body) => {
    const wire = answer(contentType, body)
    expect(wire.body_encoding).toBe('base64')
    expect(wire.body).toBe(Buffer.from(body).toString('base64'))
  })

  test('keeps every digit of large numbers', () => {
    expect(answer('application/json', '{"id":12345678901234567890}').text).toContain(
      '"body":{"id":12345678901234567890}',
    )
    expect(answer('application/json', '12345678901234567890').body).toBe('12345678901234567890')
  })
})
