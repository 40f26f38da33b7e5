import assert from 'node:assert/strict'
import { resultOf } from './python-programs.ts'
import type { Report } from './report.ts'
import type { Setting } from './setting.ts'
import { claimsOf, signIn } from './tokens.ts'

interface Discovered {
  readonly resource_metadata: { readonly resource: string }
  readonly authorization_server_metadata: {
    readonly issuer: string
    readonly token_endpoint: string
    readonly grant_types_supported: readonly string[]
  }
}

/** What the clients find before they hold anything. */
export async function checkDiscovery(report: Report, setting: Setting): Promise<void> {
  const { issuer, client, plain } = setting
  report.part('Discovery')
  await report.check('401 → resource metadata → authorization server metadata', async () => {
    const step = await client.step<Discovered>('discover', { resource_url: plain.url })
    const { resource_metadata: found, authorization_server_metadata: server } = resultOf(step)
    assert.equal(found.resource, plain.resource)
    assert.equal(server.issuer, issuer)
    assert.equal(server.token_endpoint, `${issuer}/oauth2/token`)
    const grants = ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange']
    assert.deepEqual(
      grants.filter((grant) => !server.grant_types_supported.includes(grant)),
      [],
    )
    return server.token_endpoint
  })
  await report.check('JWTValidator reads the key set and a token', async () => {
    const { access_token: token } = await signIn(setting, plain.resource)
    const step = await client.step<{ subject: string; scopes: string[] }>('validate', {
      ...{ token, issuer, audience: plain.resource },
    })
    const result = resultOf(step)
    assert.deepEqual(result.scopes, ['tools:call'])
    return `${result.subject}, aud ${String(claimsOf(token)['aud'])}`
  })
  await report.check('JWTValidator refuses a token of another server', async () => {
    const { access_token: token } = await signIn(setting, setting.bound.resource)
    const { error } = await client.step('validate', { token, issuer, audience: plain.resource })
    assert.equal(error?.type, 'InvalidAudienceError')
    return error.type
  })
}
