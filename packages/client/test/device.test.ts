import { None } from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { platformFetch } from '../src/http.ts'
import { deviceGrant } from '../src/oauth/device.ts'
import { type DeviceServer, type Mishap, startDeviceServer } from './device-server.ts'

async function signIn({ issuer, clock }: DeviceServer): Promise<string> {
  const { access_token: token } = await deviceGrant(
    {
      server: {
        issuer,
        device_authorization_endpoint: `${issuer}/device`,
        token_endpoint: `${issuer}/token`,
      },
      client: { client_id: 'tv' },
      authentication: None(),
      resource: 'https://mcp.example/mcp',
      scope: undefined,
      dpopJkt: undefined,
      fetch: platformFetch,
      options: {},
    },
    { onPrompt: () => undefined },
    clock,
  )
  return token
}

describe('a device that waits for a person (RFC 8628 section 3.5)', () => {
  it('asks at the interval that it was told, until the person agrees', async () => {
    const server = await startDeviceServer()
    server.begin = { interval: 7 }
    server.interval = 7
    server.approvedAfter = 25
    expect(await signIn(server)).toBe('granted')
    expect(server.gaps).toEqual([7, 7, 7, 7])
  })

  it('asks every five seconds when it was told no interval', async () => {
    const server = await startDeviceServer()
    server.begin = { interval: undefined }
    server.approvedAfter = 10
    expect(await signIn(server)).toBe('granted')
    expect(server.gaps).toEqual([5, 5])
  })

  it('slows down by five seconds each time it is told, for good', async () => {
    const server = await startDeviceServer()
    server.askedByOthers = [0, 2]
    server.approvedAfter = 50
    expect(await signIn(server)).toBe('granted')
    const [slow, wait] = ['slow_down', 'authorization_pending']
    expect(server.answers).toEqual([slow, wait, slow, wait, 'tokens'])
    expect(server.gaps).toEqual([5, 10, 10, 15, 15])
  })

  it.each<Mishap>(['hangs', 'hangs up', 'is overloaded', 'is hidden by a proxy'])(
    'asks half as often each time the server %s, and keeps that pace',
    async (mishap) => {
      const server = await startDeviceServer()
      server.mishaps.push(mishap, mishap)
      server.approvedAfter = 60
      expect(await signIn(server)).toBe('granted')
      expect(server.gaps).toEqual([5, 10, 20, 20, 20])
    },
  )

  it('does not back off for more than a minute, so that an approval is noticed', async () => {
    const server = await startDeviceServer()
    server.mishaps.push(...Array.from({ length: 6 }, (): Mishap => 'hangs up'))
    expect(await signIn(server)).toBe('granted')
    expect(server.gaps).toEqual([5, 10, 20, 40, 60, 60, 60])
  })

  it('says that the person declined', async () => {
    const server = await startDeviceServer()
    server.verdict = 'access_denied'
    await expect(signIn(server)).rejects.toMatchObject({
      name: 'ClientError',
      code: 'FORBIDDEN',
      problem: 'access_denied',
    })
    expect(server.gaps).toHaveLength(1)
  })

  it('says that the code has ended, by the word of the server or by its own clock', async () => {
    for (const expiresIn of [600, 8]) {
      const server = await startDeviceServer()
      server.approvedAfter = 9999
      server.begin = { expires_in: expiresIn }
      if (expiresIn === 600) server.verdict = 'expired_token'
      if (expiresIn === 600) server.approvedAfter = 0
      await expect(signIn(server)).rejects.toMatchObject({
        name: 'ClientError',
        code: 'LOGIN_FAILED',
        problem: 'expired_token',
      })
    }
  })

  it('says that the server was away when it was until the code ended', async () => {
    const server = await startDeviceServer()
    server.begin = { expires_in: 30 }
    server.mishaps.push(...Array.from({ length: 10 }, (): Mishap => 'hangs up'))
    await expect(signIn(server)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    expect(server.gaps).toEqual([5, 10, 15])
  })

  it('ends with every other error at once', async () => {
    const server = await startDeviceServer()
    server.verdict = 'invalid_grant'
    await expect(signIn(server)).rejects.toMatchObject({ error: 'invalid_grant' })
    expect(server.gaps).toHaveLength(1)
  })

  it('is not made to storm by an interval that no timer can wait for', async () => {
    const server = await startDeviceServer()
    server.begin = { interval: 4_000_000_000, expires_in: 9_000_000_000 }
    server.interval = 0
    await signIn(server)
    expect(Math.max(...server.waits)).toBeLessThan(2 ** 31)
  })
})
