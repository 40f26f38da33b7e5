import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import { type CheckResult, failed, ok, skipped, warning } from './check.ts'
import { probe, type ProbeAnswer, reasonOf } from './probe.ts'
import { isSigningKey, publishedKeys } from './signing-keys.ts'
import { type RemoteCheck, type RemoteTarget, wellKnown } from './target.ts'
import { tls } from './tls.ts'

const noMetadata = skipped('there are no metadata to go by')

const textOf = ({ metadata }: RemoteTarget, name: string): string | undefined => {
  const value = metadata?.[name]
  return typeof value === 'string' && URL.canParse(value) ? value : undefined
}

/** Runs a check; what cannot be reached is its failure. */
const reaching =
  (run: (target: RemoteTarget) => Promise<CheckResult>): RemoteCheck['run'] =>
  async (target) => {
    try {
      return await run(target)
    } catch (error) {
      return failed(
        `no answer: ${reasonOf(error)}`,
        'check that the server runs and what lies before it',
      )
    }
  }

const metadataPlace = (target: RemoteTarget): string =>
  wellKnown(target.issuer ?? '', 'oauth-authorization-server')

/** Behind a proxy that ends TLS, a server that takes its own address for the public one says http. */
function endpoints({ issuer, metadata }: RemoteTarget): CheckResult {
  if (metadata === undefined || issuer === undefined) return noMetadata
  const { protocol, host } = new URL(issuer)
  const named = Object.entries(metadata).flatMap(([name, value]) =>
    /_endpoint$|^jwks_uri$/.test(name) && typeof value === 'string' && URL.canParse(value)
      ? [{ name, url: new URL(value) }]
      : [],
  )
  const plain = named.filter(({ url }) => protocol === 'https:' && url.protocol === 'http:')
  if (plain.length > 0) {
    return failed(
      `${plain.map(({ name }) => name).join(', ')} say http under an https issuer`,
      'set HOLDFAST_ISSUER to the public https URL: X-Forwarded-Proto is never believed',
    )
  }
  const elsewhere = named.filter(({ url }) => url.host !== host)
  return elsewhere.length === 0
    ? ok(`${named.length} endpoints at ${host}`)
    : warning(
        elsewhere.map(({ name, url }) => `${name} is at ${url.host}`).join(', '),
        'if that is not meant so, set HOLDFAST_ISSUER to the public URL',
      )
}

/** A header that anybody can send must not decide where clients go. */
async function forwarded(target: RemoteTarget): Promise<CheckResult> {
  if (target.metadata === undefined) return noMetadata
  const { json } = await probe(metadataPlace(target), {
    headers: {
      'x-forwarded-host': 'elsewhere.invalid',
      'x-forwarded-proto': 'http',
      forwarded: 'host=elsewhere.invalid;proto=http',
    },
  })
  const isMoved =
    JSON.stringify(json).includes('elsewhere.invalid') ||
    json['issuer'] !== target.metadata['issuer']
  return isMoved
    ? failed(
        'X-Forwarded-Host moves the metadata: whoever sends it moves clients to another server',
        'take the public URL from the configuration, and let the proxy overwrite these headers',
      )
    : ok('X-Forwarded headers do not move the metadata')
}

/** Metadata over plain http can be changed on the way. */
async function plainHttp({ issuer }: RemoteTarget): Promise<CheckResult> {
  const url = URL.parse(issuer ?? '')
  if (url?.protocol !== 'https:') return skipped('the issuer is not https')
  if (url.port !== '') return skipped('the issuer has a port of its own')
  try {
    const { status, headers } = await probe(
      `http://${url.host}/.well-known/oauth-authorization-server`,
    )
    const goesToHttps = status >= 300 && status < 400 && headers.location?.startsWith('https://')
    return goesToHttps || status >= 400
      ? ok(`port 80 answers ${status}`)
      : warning(
          `port 80 answers ${status}`,
          'redirect http to https at the proxy, or close port 80',
        )
  } catch {
    return ok('port 80 is closed')
  }
}

/** Tokens live minutes: a clock that is far off makes every one of them invalid. */
const tolerableSkewSeconds = 5

async function clock(target: RemoteTarget): Promise<CheckResult> {
  if (target.metadata === undefined) return noMetadata
  const { headers } = await probe(metadataPlace(target))
  const served = Date.parse(headers.date ?? '')
  if (Number.isNaN(served)) return warning('the server sends no Date', 'check proxies in between')
  const skewSeconds = Math.abs(Date.now() - served) / 1000
  return skewSeconds <= tolerableSkewSeconds
    ? ok(`within ${tolerableSkewSeconds} s of the server`)
    : failed(`${Math.round(skewSeconds)} s apart from the server`, 'synchronise both clocks (NTP)')
}

/** Browser clients, such as MCP Inspector, can use what answers their preflight. */
async function cors(target: RemoteTarget): Promise<CheckResult> {
  if (target.metadata === undefined) return noMetadata
  const places = {
    metadata: metadataPlace(target),
    token: textOf(target, 'token_endpoint'),
    registration: textOf(target, 'registration_endpoint'),
  }
  const asked = Object.entries(places).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const closed: string[] = []
  for (const [name, url] of asked) {
    const method = name === 'metadata' ? 'GET' : 'POST'
    const { status, headers } = await probe(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://browser-client.example',
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type, dpop',
      },
    })
    const allowed = headers['access-control-allow-origin']
    if (status >= 300 || (allowed !== '*' && allowed !== 'https://browser-client.example'))
      closed.push(name)
  }
  return closed.length === 0
    ? ok(asked.map(([name]) => name).join(', '))
    : failed(
        `browsers may not use: ${closed.join(', ')}`,
        'let the proxy pass OPTIONS on, and leave the Access-Control headers to the server',
      )
}

function iss({ metadata }: RemoteTarget): CheckResult {
  if (metadata === undefined) return noMetadata
  return metadata['authorization_response_iss_parameter_supported'] === true
    ? ok('redirects name the issuer (RFC 9207)')
    : warning('redirects do not name the issuer', 'switch on RFC 9207: it ends mix-up attacks')
}

async function keys(target: RemoteTarget): Promise<CheckResult> {
  if (target.metadata === undefined) return noMetadata
  const place = textOf(target, 'jwks_uri')
  if (place === undefined)
    return failed('the metadata name no jwks_uri', 'publish the signing keys')
  const { json } = await probe(place)
  const published = publishedKeys(json)
  const signing = published.filter(isSigningKey)
  if (signing.length === 0) {
    return failed('no signing key is published', 'read the log of the authorization server')
  }
  if (published.some((key) => 'd' in key || 'k' in key)) {
    return failed(
      'a private key is published',
      'rotate it now: `holdfast keys rotate --what signing`',
    )
  }
  return ok(`${signing.length} key(s): ${signing.map(({ alg }) => String(alg)).join(', ')}`)
}

/** Sends a proof with a request that can never give a token, and follows a demand for a nonce. */
async function dpop(target: RemoteTarget): Promise<CheckResult> {
  const { metadata } = target
  const url = textOf(target, 'token_endpoint')
  if (metadata === undefined || url === undefined) return noMetadata
  const algorithms = metadata['dpop_signing_alg_values_supported']
  if (!Array.isArray(algorithms) || !algorithms.includes('ES256')) {
    return warning(
      'the metadata offer no DPoP with ES256',
      'switch it on: stolen tokens are then of no use',
    )
  }
  const key = await generateDpopKey()
  const ask = async (nonce?: string): Promise<ProbeAnswer> =>
    probe(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        dpop: await createDpopProof({
          key,
          method: 'POST',
          url,
          ...(nonce !== undefined && { nonce }),
        }),
      },
      body: 'grant_type=authorization_code&client_id=holdfast-cli&code=doctor&redirect_uri=http://127.0.0.1/callback&code_verifier=doctor-doctor-doctor-doctor-doctor-doctor-doctor',
    })
  const first = await ask()
  const error = String(first.json['error'])
  if (first.status < 400)
    return failed('a code that nobody issued was taken', 'do not use this server')
  if (error === 'invalid_dpop_proof') {
    return failed(
      'a correct proof is refused',
      'the server sees another URL or time than clients: check HOLDFAST_ISSUER, the proxy and the clocks',
    )
  }
  if (error !== 'use_dpop_nonce') return ok('proofs are taken; no nonce is demanded')
  const nonce = first.headers['dpop-nonce']
  if (typeof nonce !== 'string') {
    return failed(
      'a nonce is demanded but none is given',
      'let the proxy pass the DPoP-Nonce header on',
    )
  }
  const second = await ask(nonce)
  return second.json['error'] === 'use_dpop_nonce'
    ? failed(
        'the nonce that was given is refused',
        'several servers behind one name must share their nonce key',
      )
    : ok('a nonce is demanded, and the given one is taken')
}

/** What a client without a token meets first. */
async function challenge({ resource }: RemoteTarget): Promise<CheckResult> {
  if (resource === undefined) return skipped('no protected server was given')
  const { status, headers } = await probe(resource, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  })
  const demand = headers['www-authenticate'] ?? ''
  if (status !== 401) {
    return failed(
      `a request without a token is answered with ${status}, not 401`,
      'put the guard of @holdfast/resource-server before every request',
    )
  }
  const place = /resource_metadata="([^"]*)"/.exec(demand)?.[1]
  if (place === undefined) {
    return warning('the 401 names no resource_metadata', 'let the proxy pass WWW-Authenticate on')
  }
  return URL.canParse(place) && new URL(place).origin === new URL(resource).origin
    ? ok('401 with the place of the metadata')
    : failed(
        `the 401 sends clients to ${place}`,
        'set publicUrl (or resource) of the server to the public URL',
      )
}

/** What is asked of a server that is only known by its URL. */
export const remoteChecks: readonly RemoteCheck[] = [
  { id: 'challenge', title: 'challenge', run: reaching(challenge) },
  { id: 'endpoints', title: 'endpoints', run: endpoints },
  { id: 'iss', title: 'iss', run: iss },
  { id: 'tls', title: 'TLS', run: tls },
  { id: 'plain-http', title: 'plain http', run: plainHttp },
  { id: 'forwarded', title: 'proxy headers', run: reaching(forwarded) },
  { id: 'clock', title: 'clock', run: reaching(clock) },
  { id: 'cors', title: 'CORS', run: reaching(cors) },
  { id: 'keys-published', title: 'signing keys', run: reaching(keys) },
  { id: 'dpop', title: 'DPoP', run: reaching(dpop) },
]
