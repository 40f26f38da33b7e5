import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Dial } from '../src/dial.ts'
import {
  ask,
  readAll,
  testDns,
  testListener,
  testRelay,
  tunnel,
  type TestListener,
} from './support.ts'

// Public on paper only: nothing here may leave the machine, so dialling is observed, not done.
const PUBLIC = '93.184.215.14'
const PUBLIC_V6 = '2606:2800:21f::1'

let dialled: string[]
let listener: TestListener

const observe: Dial = (address, port) => {
  dialled.push(`${address} ${port}`)
  return Promise.reject(new Error('observed'))
}

beforeEach(async () => {
  dialled = []
  listener = await testListener()
})

afterEach(() => listener[Symbol.asyncDispose]())

describe('a DNS server that lies', () => {
  test('public first and private after: the name is asked once and only the checked address dialled', async () => {
    await using dns = await testDns((type, _, nth) =>
      type === 'AAAA' ? [] : [nth === 1 ? PUBLIC : '127.0.0.1'],
    )
    await using relay = await testRelay(
      { allow: ['*'], dnsServers: [dns.server] },
      { dial: observe },
    )
    const answer = await ask(relay, `CONNECT rebind.example:${listener.port}\n`)
    expect(answer).toBe('ERR CONNECT_FAILED\n')
    expect(dialled).toEqual([`${PUBLIC} ${listener.port}`])
    expect(dns.asked.toSorted()).toEqual(['A rebind.example', 'AAAA rebind.example'])

    const second = await ask(relay, `CONNECT rebind.example:${listener.port}\n`)
    expect(second).toBe('ERR NON_PUBLIC_ADDRESS\n')
    expect(dialled).toHaveLength(1)
    expect(listener.connections).toBe(0)
  })

  test.each([
    [[PUBLIC, '127.0.0.1'], []],
    [['127.0.0.1', PUBLIC], []],
    [[PUBLIC, '10.0.0.1'], []],
    [[PUBLIC, '169.254.169.254'], []],
    [[PUBLIC, '0.0.0.0'], []],
    [[PUBLIC], ['::1']],
    [[PUBLIC], ['::ffff:127.0.0.1']],
    [[PUBLIC], ['64:ff9b::7f00:1']],
    [[PUBLIC], ['2002:7f00:1::']],
    [[PUBLIC], [PUBLIC_V6, 'fd00:ec2::254']],
    [[], ['fe80::1']],
  ])('one private address among A %j and AAAA %j refuses the whole answer', async (a, aaaa) => {
    await using dns = await testDns((type) => (type === 'A' ? a : aaaa))
    await using relay = await testRelay(
      { allow: ['*'], dnsServers: [dns.server] },
      { dial: observe },
    )
    expect(await ask(relay, `CONNECT mixed.example:${listener.port}\n`)).toBe(
      'ERR NON_PUBLIC_ADDRESS\n',
    )
    expect(dialled).toEqual([])
    expect(listener.connections).toBe(0)
  })

  test('a private answer for an allowed name is never connected to', async () => {
    await using dns = await testDns((type) => (type === 'A' ? ['127.0.0.1'] : []))
    await using relay = await testRelay({ allow: ['api.example'], dnsServers: [dns.server] })
    expect(await ask(relay, `CONNECT api.example:${listener.port}\n`)).toBe(
      'ERR NON_PUBLIC_ADDRESS\n',
    )
    expect(listener.connections).toBe(0)
  })

  test('a name vouched for at private addresses still never leads to metadata or link-local ones', async () => {
    for (const address of ['169.254.169.254', '168.63.129.16', '169.254.3.4', '224.0.0.1']) {
      await using dns = await testDns((type) => (type === 'A' ? ['127.0.0.1', address] : []))
      await using relay = await testRelay(
        { allowPrivate: ['intranet.example'], dnsServers: [dns.server] },
        { dial: observe },
      )
      expect(await ask(relay, 'CONNECT intranet.example:443\n'), address).toBe(
        'ERR NON_PUBLIC_ADDRESS\n',
      )
    }
    expect(dialled).toEqual([])
  })

  test('a name vouched for at private addresses is reached there', async () => {
    await using dns = await testDns((type) => (type === 'A' ? ['127.0.0.1'] : []))
    await using relay = await testRelay({
      allowPrivate: [`intranet.example:${listener.port}`],
      dnsServers: [dns.server],
    })
    const socket = await tunnel(relay, `intranet.example:${listener.port}`)
    socket.end('hi')
    expect(await readAll(socket)).toBe('hi')
    expect(listener.connections).toBe(1)
  })

  test('an answer with no address at all is DNS_FAILED', async () => {
    await using dns = await testDns(() => [])
    await using relay = await testRelay({ allow: ['*'], dnsServers: [dns.server] })
    expect(await ask(relay, 'CONNECT nowhere.example:443\n')).toBe('ERR DNS_FAILED\n')
    expect(dns.asked).toContain('A nowhere.example')
  })

  test('an answer with too many addresses is DNS_FAILED', async () => {
    await using dns = await testDns((type) =>
      type === 'A'
        ? Array.from({ length: 28 }, (_, n) => `8.8.4.${n}`)
        : ['2600::1', '2600::2', '2600::3', '2600::4', '2600::5'],
    )
    await using relay = await testRelay(
      { allow: ['*'], dnsServers: [dns.server] },
      { dial: observe },
    )
    expect(await ask(relay, 'CONNECT many.example:443\n')).toBe('ERR DNS_FAILED\n')
    expect(dialled).toEqual([])
  })

  test('localhost is never asked of a DNS server', async () => {
    await using dns = await testDns(() => [PUBLIC])
    await using relay = await testRelay({ allow: ['*'], dnsServers: [dns.server] })
    expect(await ask(relay, 'CONNECT localhost:443\n')).toBe('ERR NON_PUBLIC_ADDRESS\n')
    expect(dns.asked).toEqual([])
  })

  test('every checked address is tried until one answers', async () => {
    await using dns = await testDns((type) =>
      type === 'A' ? [PUBLIC, '93.184.215.15'] : [PUBLIC_V6],
    )
    await using relay = await testRelay(
      { allow: ['*'], dnsServers: [dns.server] },
      { dial: observe },
    )
    expect(await ask(relay, 'CONNECT api.example:443\n')).toBe('ERR CONNECT_FAILED\n')
    expect(dialled).toEqual([`${PUBLIC} 443`, '93.184.215.15 443', `${PUBLIC_V6} 443`])
  })
})
