import { once } from 'node:events'
import { expect, test } from 'vitest'
import { dialFirst, dialTcp, type Dial } from '../src/dial.ts'
import { testListener } from './support.ts'

const never = new AbortController().signal

test('a connection that ended up elsewhere is refused and closed', async () => {
  await using listener = await testListener()
  const opened: ReturnType<Dial>[] = []
  const astray: Dial = (_address, _port, signal) => {
    const socket = dialTcp('127.0.0.1', listener.port, signal)
    opened.push(socket)
    return socket
  }
  await expect(dialFirst(['93.184.215.14'], listener.port, never, astray)).rejects.toMatchObject({
    code: 'NON_PUBLIC_ADDRESS',
  })
  expect((await opened[0])?.destroyed).toBe(true)
})

test('an address that refuses is followed by the next', async () => {
  await using listener = await testListener('127.0.0.1')
  const socket = await dialFirst(['::1', '127.0.0.1'], listener.port, never)
  expect(socket.remoteAddress).toBe('127.0.0.1')
  socket.destroy()
})

test('a deadline that passes after connecting leaves the connection alone', async () => {
  await using listener = await testListener()
  const deadline = new AbortController()
  const socket = await dialFirst(['127.0.0.1'], listener.port, deadline.signal)
  deadline.abort()
  socket.write('still here')
  expect(String((await once(socket, 'data'))[0])).toBe('still here')
  socket.destroy()
})

test('a deadline that has passed opens nothing', async () => {
  await using listener = await testListener()
  await expect(dialFirst(['127.0.0.1'], listener.port, AbortSignal.abort())).rejects.toMatchObject({
    code: 'TIMEOUT',
  })
  expect(listener.connections).toBe(0)
})
