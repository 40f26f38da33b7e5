import assert from 'node:assert/strict'
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
    assert.match(error.message, /^unauthorized_client/)
    return error.message
  })
  await report.check('an API key (dsk-…), exchanged: token and tools', async () => {
    const { key } = await setting.ada.run<{ key: string }>([
      ...['api-keys', 'create', '--label', 'interop'],
      ...['--resource', plain.resource, '--scope', 'tools:call'],
    ])
    const { status, body } = await post(setting, '/oauth2/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:ietf:params:oauth:token-type:api_key',
      resource: plain.resource,
    })
    assert.equal(status, 200, JSON.stringify(body))
    const auth: ClientAuth = { kind: 'bearer', token: String(body['access_token']) }
    const { tools } = resultOf(await use(setting, plain.url, auth))
    assert.equal(tools.length, 4)
    return `${tools.length} tools`
  })
  await report.check('the device flow starts at the path that the client knows', async () => {
    const { status, body } = await post(setting, '/oauth2/device/auth', {
      client_id: 'holdfast-cli',
      resource: `${setting.issuer}/v1`,
      scope: 'connections:read',
    })
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(body['user_code'] && body['verification_uri'])
    return String(body['verification_uri'])
  })
}

/** A form, sent as the Python client sends it. */
async function post(
  { client, issuer }: Setting,
  path: string,
  form: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  return resultOf(await client.step('redeem', { url: issuer + path, form }))
}
