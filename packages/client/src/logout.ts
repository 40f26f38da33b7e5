import * as oauth from 'oauth4webapi'
import { discover, oauthOptions } from './discovery.ts'
import type { LoginParts } from './login.ts'

/** Revokes every refresh token at the server, as far as it answers, and forgets all tokens here. */
export async function logout({ issuer, clientId, store, fetch }: LoginParts): Promise<void> {
  await store.exclusive(async () => {
    const session = await store.load()
    if (session === undefined) return
    // First forget: a server that is down must not keep the tokens on this device.
    await store.save({ ...session, tokens: {} })
    const server = await discover(issuer, fetch)
    const client: oauth.Client = { client_id: clientId }
    for (const { refreshToken } of Object.values(session.tokens)) {
      if (refreshToken === undefined) continue
      const response = await oauth.revocationRequest(server, client, oauth.None(), refreshToken, {
        ...oauthOptions(issuer, fetch),
        additionalParameters: { token_type_hint: 'refresh_token' },
      })
      await oauth.processRevocationResponse(response)
    }
  })
}
