import { createServer } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connectTo } from '../src/outbound/connect.ts'
import { createOutboundLimits } from '../src/outbound/limits.ts'
import { createOutbound, type GetOptions, type OutboundOptions } from '../src/outbound/outbound.ts'
import { targetOf } from '../src/outbound/target.ts'
import { testListener } from '../../egress-relay/test/support.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'

const defaults: OutboundOptions = {
  enabled: true,
  userAgent: 'Holdfast/test',
  privateHosts: [],
  allowHttpLoopback: false,
  dnsServers: [],
}
const wanted: GetOptions = {
  ...{ accept: 'application/json', maxBytes: 5120, timeoutMs: 2000 },
  use: 'administration',
}

let host: DocumentHost
beforeAll(async () => {
  host = await startDocumentHost()
})
afterAll(() => host.stop())
const normal = (): DocumentHost['handler'] => (_request, response) => response.end('{"ok":true}')
afterEach(() => {
  host.handler = normal()
})

const reaching = (options: Partial<OutboundOptions> = {}) =>
  createOutbound({ ...defaults, ...(host.outbound as Partial<OutboundOptions>), ...options })

describe('a fetch of the authorization server', () => {
  test('reaches a listed host, says who it is and carries no credential', async () => {
    let seen: Record<string, unknown> = {}
    host.handler = (request, response) => {
      seen = request.headers
      response.end('{"ok":true}')
    }
    const { status, body } = await reaching().get(host.url('/a?b=c'), wanted)
    expect(status).toBe(200)
    expect(Buffer.from(body).toString()).toBe('{"ok":true}')
    expect(host.requests.at(-1)).toBe('/a?b=c Holdfast/test')
    for (const name of ['cookie', 'authorization', 'proxy-authorization', 'referer']) {
      expect(seen).not.toHaveProperty(name)
    }
  })

  test('asks nobody when outgoing requests are off', async () => {
    const before = host.connections()
    await expect(reaching({ enabled: false }).get(host.url('/'), wanted)).rejects.toMatchObject({
      code: 'OUTBOUND_OFF',
    })
    expect(host.connections()).toBe(before)
  })

  test('ignores proxies of the environment', async () => {
    await using proxy = await testListener()
    const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
    const saved = names.map((name) => process.env[name])
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`
    try {
      expect((await reaching().get(host.url('/'), wanted)).status).toBe(200)
      expect(proxy.connections).toBe(0)
    } finally {
      for (const [index, name] of names.entries()) {
        if (saved[index] === undefined) delete process.env[name]
        else process.env[name] = saved[index]
      }
    }
  })
})

describe('never connects', () => {
  const spellings = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '127.0.0.1.',
    '１２７.0.0.1',
    'localhost',
    'localhost.',
    'app.localhost',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
  ]
  test.each(spellings)('to %s on loopback', async (spelling) => {
    await using listener = await testListener()
    const outbound = createOutbound(defaults)
    await expect(
      outbound.get(`https://${spelling}:${listener.port}/doc`, wanted),
    ).rejects.toMatchObject({ code: 'NON_PUBLIC_ADDRESS' })
    expect(listener.connections).toBe(0)
  })

  test.each([
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '224.0.0.1',
    '[2002:7f00:1::]',
  ])('to %s', async (address) => {
    await expect(
      createOutbound(defaults).get(`https://${address}/doc`, wanted),
    ).rejects.toMatchObject({ code: 'NON_PUBLIC_ADDRESS' })
  })

  test.each([
    'http://docs.example/doc',
    'http://127.0.0.1/doc',
    'ftp://docs.example/doc',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user:pass@docs.example/doc',
    'https://user@docs.example/doc',
    'https://docs.example/doc#x',
    'https:///doc',
    'docs.example',
    '',
  ])('for %j', async (url) => {
    await expect(createOutbound(defaults).get(url, wanted)).rejects.toMatchObject({
      code: expect.stringMatching(/^(URL_REFUSED|DNS_FAILED)$/) as string,
    })
  })

  test('to metadata addresses, also when their host is listed by name', async () => {
    for (const address of ['169.254.169.254', '168.63.129.16', '169.254.1.1', '224.0.0.1']) {
      const outbound = createOutbound({
        ...defaults,
        privateHosts: ['intranet.example'],
        lookup: () => Promise.resolve([address]),
      })
      await expect(outbound.get('https://intranet.example/', wanted)).rejects.toMatchObject({
        code: 'NON_PUBLIC_ADDRESS',
      })
    }
  })

  test('when one address among public ones is private', async () => {
    const outbound = createOutbound({
      ...defaults,
      lookup: () => Promise.resolve(['93.184.215.14', '127.0.0.1']),
    })
    await expect(outbound.get('https://mixed.example/', wanted)).rejects.toMatchObject({
      code: 'NON_PUBLIC_ADDRESS',
    })
  })
})

test('what is connected is compared with the address that was checked', async () => {
  await using listener = await testListener()
  const target = targetOf(`https://docs.example:${listener.port}/`, { allowHttpLoopback: false })
  const signal = AbortSignal.timeout(5000)
  // A name where an address belongs: whatever it resolves to now was never checked.
  await expect(
    connectTo(target, { addresses: ['localhost'], signal, ca: undefined }),
  ).rejects.toMatchObject({ code: 'NON_PUBLIC_ADDRESS' })
})

describe('DNS rebinding', () => {
  test('a name that is asked once is dialled where the first answer pointed', async () => {
    let asked = 0
    const rebinding = await startDocumentHost('rebind.example', {
      answers: (type) => {
        if (type === 'AAAA') return []
        asked += 1
        return [asked === 1 ? '127.0.0.1' : '127.0.0.2']
      },
    })
    try {
      rebinding.handler = normal()
      const outbound = createOutbound({
        ...defaults,
        ...(rebinding.outbound as Partial<OutboundOptions>),
      })
      expect((await outbound.get(rebinding.url('/'), wanted)).status).toBe(200)
      expect(asked).toBe(1)
    } finally {
      await rebinding.stop()
    }
  })

  test('a host that is not listed is refused as soon as its name turns private', async () => {
    const turning = await startDocumentHost('turning.example', {
      answers: (type) => (type === 'A' ? ['127.0.0.1'] : []),
    })
    try {
      const outbound = createOutbound({
        ...defaults,
        ...(turning.outbound as Partial<OutboundOptions>),
        privateHosts: [],
      })
      await expect(outbound.get(turning.url('/'), wanted)).rejects.toMatchObject({
        code: 'NON_PUBLIC_ADDRESS',
      })
      expect(turning.connections()).toBe(0)
    } finally {
      await turning.stop()
    }
  })
})

describe('a hostile host', () => {
  test.each([301, 302, 303, 307, 308])('cannot send it elsewhere with %i', async (status) => {
    await using target = await testListener()
    host.handler = (_request, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end()
    await expect(reaching().get(host.url('/'), wanted)).rejects.toMatchObject({
      code: 'REDIRECTED',
    })
    expect(target.connections).toBe(0)
  })

  test('cannot fill the memory, with or without announcing it', async () => {
    host.handler = (_request, response) => response.end('x'.repeat(6000))
    await expect(reaching().get(host.url('/'), wanted)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    host.handler = (_request, response) => {
      const more = (): void => {
        if (!response.destroyed && response.write('x'.repeat(1024))) setImmediate(more)
      }
      response.on('drain', more)
      more()
    }
    await expect(reaching().get(host.url('/'), wanted)).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  test('cannot send a compressed bomb', async () => {
    host.handler = (_request, response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(10_000_000)))
    await expect(
      reaching().get(host.url('/'), { ...wanted, maxBytes: 65_536 }),
    ).rejects.toMatchObject({ code: 'ENCODED' })
  })

  test('cannot hold it by sending slowly, in the head or in the body', async () => {
    const timers = new Set<NodeJS.Timeout>()
    host.handler = (_request, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 20)
      timers.add(timer)
      response.on('close', () => clearInterval(timer))
    }
    const hasty = { ...wanted, timeoutMs: 300 }
    await expect(reaching().get(host.url('/'), hasty)).rejects.toMatchObject({ code: 'TIMEOUT' })
    host.handler = () => undefined
    await expect(reaching().get(host.url('/'), hasty)).rejects.toMatchObject({ code: 'TIMEOUT' })
    for (const timer of timers) clearInterval(timer)
  })

  test('cannot hold it in the TLS handshake or the resolver', async () => {
    const silent = createServer(() => undefined)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const hasty = { ...wanted, timeoutMs: 300 }
    await expect(reaching().get(`https://docs.example:${port}/`, hasty)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    silent.close()
    const never = reaching({ lookup: () => new Promise(() => undefined) })
    await expect(never.get(host.url('/'), hasty)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('needs a certificate for its name, of an authority that is trusted', async () => {
    const other = await startDocumentHost('other.example')
    try {
      const asDocs = reaching({ privateHosts: ['docs.example', 'other.example'] })
      await expect(asDocs.get(other.url('/'), wanted)).rejects.toMatchObject({ code: 'TLS_FAILED' })
      const renamed = reaching({ privateHosts: ['renamed.example'] })
      await expect(
        renamed.get(`https://renamed.example:${host.port}/`, wanted),
      ).rejects.toMatchObject({ code: 'TLS_FAILED' })
    } finally {
      await other.stop()
    }
  })

  test('is not asked more often than the limit, by any port or spelling, alone or by many at once', async () => {
    const limited = reaching({ limits: { perHost: 3 } })
    for (let n = 0; n < 3; n += 1) await limited.get(host.url('/'), wanted)
    const asked = host.connections()
    for (const url of [
      host.url('/'),
      `https://docs.example.:${host.port}/`,
      `https://DOCS.example:${host.port}/`,
      'https://docs.example:9/',
      'https://docs.example/',
    ]) {
      await expect(limited.get(url, wanted), url).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    }
    expect(host.connections()).toBe(asked)
    const narrow = reaching({ limits: { concurrent: 4 } })
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => narrow.get(host.url('/'), wanted)),
    )
    const refused = answers.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(9)
  })

  test('is not asked for one address more often than that may ask at all, whichever hosts it names', async () => {
    const limits = createOutboundLimits({ perAddress: 3 })
    const ask = (n: number, from: string): Promise<number> =>
      limits.run(`h${n}.example`, { use: 'new-document', from }, () => Promise.resolve(n))
    for (let n = 0; n < 3; n += 1) expect(await ask(n, `2001:db8::${n}`)).toBe(n)
    await expect(ask(3, '2001:db8::3')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await ask(3, '2001:db8:0:1::3')).toBe(3)
  })
})

test('http is for loopback, and only when development asks for it', async () => {
  const plain = await startDocumentHost('plain.example', { tls: false })
  try {
    plain.handler = normal()
    const url = `http://127.0.0.1:${plain.port}/`
    const options = { ...defaults, privateHosts: ['127.0.0.1'] }
    await expect(createOutbound(options).get(url, wanted)).rejects.toMatchObject({
      code: 'URL_REFUSED',
    })
    const development = createOutbound({ ...options, allowHttpLoopback: true })
    expect((await development.get(url, wanted)).status).toBe(200)
    await expect(
      development.get(`http://plain.example:${plain.port}/`, wanted),
    ).rejects.toMatchObject({ code: 'URL_REFUSED' })
  } finally {
    await plain.stop()
  }
})
