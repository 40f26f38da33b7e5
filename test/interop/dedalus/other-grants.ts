import assert from 'node:assert/strict'
import { request } from 'undici'
import { type ClientAuth, resultOf } from './python-programs.ts'
import type { Report } from './report.ts'
import type { Setting } from './setting.ts'
import { textOf, use } from './tools.ts'

/** The two grants for which dedalus-mcp has classes, each with its full discovery. */
export async function checkOtherGrants(
  report: Report,
  setting: Setting,
  bearerToken: string,
): Promise<void> {
  const { plain, machine, clientId } = setting
  report.part('Other grants')
  const machineAuth: ClientAuth = {
    kind: 'client_credentials',
    client_id: machine.client_id,
    client_secret: machine.client_secret,
    scope: 'tools:call',
  }
  await report.check('ClientCredentialsAuth: token and tools', async () => {
    const { tools } = resultOf(await use(setting, plain.url, machineAuth))
    assert.equal(tools.length, 4)
    return `${tools.length} tools`
  })
  await report.check('ClientCredentialsAuth: no user, so no connections', async () => {
    const text = await textOf(setting, plain.url, machineAuth, 'whoami')
    assert.match(text, /Missing required JWT claims/)
    return text
  })
  await report.check('ClientCredentialsAuth with a wrong secret', async () => {
    const wrong = { ...machineAuth, client_secret: 'x'.repeat(43) }
    const { error } = await use(setting, plain.url, wrong)
    assert.equal(error?.type, 'TokenError')
    assert.match(error.message, /^invalid_client/)
    return error.message
  })
  await report.check('TokenExchangeAuth: only a server’s own client may exchange', async () => {
    const { error } = await use(setting, plain.url, {
      ...{ kind: 'token_exchange', client_id: clientId, subject_token: bearerToken },
    })
    assert.equal(error?.type, 'TokenError')
    assert.match(error.message, /requested grant type is not allowed/)
    return error.message
  })
  await report.check('not there yet: API keys (dsk-…)', async () => {
    const step = await setting.client.step<{ status: number; body: { error: string } }>('redeem', {
      url: `${setting.issuer}/oauth2/token`,
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: 'dsk-test-1',
        subject_token_type: 'urn:ietf:params:oauth:token-type:api_key',
      },
    })
    const { status, body } = resultOf(step)
    assert.ok(status === 400 || status === 401)
    return `${status} ${body.error}`
  })
  await report.check('not there yet: device flow', async () => {
    const answer = await request(`${setting.issuer}/oauth2/device/auth`, { method: 'POST' })
    await answer.body.dump()
    assert.equal(answer.statusCode, 404)
    return String(answer.statusCode)
  })
}
