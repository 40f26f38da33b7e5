import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** What another user would be answered for, were it taken for a request. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: HOST\r\nX: '
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const post = `POST /oauth2/token HTTP/1.1\r\nHost: HOST\r\n${form}`

/** Sends bytes, then a whole request behind them, and resolves with everything that comes back. */
async function send(attack: string): Promise<string> {
  const { host, port } = new URL(server.issuer)
  const next = 'GET /healthz HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n'
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  const { length } = smuggled.replaceAll('HOST', host)
  socket.end(
    (attack + next)
      .replaceAll('HOST', host)
      .replaceAll('LENGTH', String(length))
      .replaceAll('HEXADECIMAL', length.toString(16)),
  )
  return text(socket)
}

const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))

describe('a request about whose end two servers could disagree', () => {
  test.each<[string, string]>([
    [
      'both lengths',
      `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'both, the other way round',
      `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['two lengths', `${post}Content-Length: 0\r\nContent-Length: LENGTH\r\n\r\n${smuggled}`],
    ['two lengths in one line', `${post}Content-Length: 0, LENGTH\r\n\r\n${smuggled}`],
    ['a length with a sign', `${post}Content-Length: +0\r\n\r\n${smuggled}`],
    ['a length in hexadecimal', `${post}Content-Length: 0x0\r\n\r\n${smuggled}`],
    ['a length that is too long', `${post}Content-Length: 18446744073709551616\r\n\r\n${smuggled}`],
    ['a space before the colon', `${post}Content-Length : 0\r\n\r\n${smuggled}`],
    ['an encoding that is none', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      'chunked, and then something',
      `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'chunked twice',
      `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'a folded encoding',
      `${post}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'a tab before chunked and a length',
      `${post}Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'a line that ends with a return alone',
      `${post}X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['a header with a zero byte', `${post}X: a\0b\r\nContent-Length: 0\r\n\r\n${smuggled}`],
    ['a chunk size that is none', `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\n${smuggled}`],
    [
      'a chunk longer than its size',
      `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'a chunk that ends with a line feed',
      `${post}Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n${smuggled}`,
    ],
    [
      'an extension with a line feed in it',
      `${post}Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n${smuggled}`,
    ],
  ])('is refused, and with it all that follows: %s', async (_what, attack) => {
    const answer = await send(attack)
    expect(statusesOf(answer)).toEqual([400])
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(server.log()).not.toContain('/smuggled')
  })

  test.each<[string, string, number[]]>([
    [
      'that nobody reads',
      `POST /nothing HTTP/1.1\r\nHost: HOST\r\nContent-Length: LENGTH\r\n\r\n${smuggled}`,
      [404, 200],
    ],
    [
      'of the wrong type',
      `POST /oauth2/token HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nContent-Length: LENGTH\r\n\r\n${smuggled}`,
      [415, 200],
    ],
    [
      'of a GET',
      `GET /healthz HTTP/1.1\r\nHost: HOST\r\nContent-Length: LENGTH\r\n\r\n${smuggled}`,
      [200, 200],
    ],
    [
      'for a foreign host',
      `POST /oauth2/token HTTP/1.1\r\nHost: evil.example\r\n${form}Content-Length: LENGTH\r\n\r\n${smuggled}`,
      [421, 200],
    ],
    [
      'behind a wish to upgrade',
      `${post}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: LENGTH\r\n\r\n${smuggled}`,
      [400, 200],
    ],
    [
      'in chunks',
      `${post}Transfer-Encoding: chunked\r\n\r\nHEXADECIMAL\r\n${smuggled}\r\n0\r\n\r\n`,
      [400, 200],
    ],
  ])('is no request, when it is the body %s', async (_what, attack, statuses) => {
    const seen = statusesOf(await send(attack))
    // What is refused unread may also end the connection, and the next request with it.
    expect([statuses, statuses.slice(0, 1)]).toContainEqual(seen)
    expect(server.log()).not.toContain('/smuggled')
  })
})

test('a request in plain sight is seen in the log, so that the tests above could fail', async () => {
  expect(statusesOf(await send('GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n'))).toEqual([404, 200])
  expect(server.log()).toContain('/smuggled')
})
