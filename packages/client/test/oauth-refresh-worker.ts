// One of several processes that share a store: node oauth-refresh-worker.ts <url> <file>
import { AuthorizationCodeAuth, authorizedFetch, type OAuthState } from '../src/index.ts'
import { fileTokenStore } from '../src/node/index.ts'

const [url = '', file = ''] = process.argv.slice(2)
const auth = new AuthorizationCodeAuth({
  store: fileTokenStore<OAuthState>(file),
  redirectUri: 'http://127.0.0.1:1/callback',
  authorize: () => Promise.reject(new Error('nobody is here to sign in')),
})
const response = await authorizedFetch({ auth, resource: url })(url)
process.stdout.write(String(response.status))
