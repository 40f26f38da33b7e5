import { type Answer, httpGet } from '../http-get.ts'
import { type Check, type CheckContext, type CheckResult, failed, ok, warning } from './check.ts'
import { isSigningKey, publishedKeys } from './signing-keys.ts'

const startHint = 'start the server with `holdfast up`, or correct HOLDFAST_ISSUER'

/** Asks the server for one document; a check result when it does not answer. */
async function ask(url: string): Promise<Answer | CheckResult> {
  try {
    return await httpGet(url)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return failed(`${url} does not answer (${code ?? message})`, startHint)
  }
}

const isResult = (value: Answer | CheckResult): value is CheckResult => 'outcome' in value

async function issuer({ config }: CheckContext): Promise<CheckResult> {
  const answer = await ask(`${config.issuer}/.well-known/oauth-authorization-server`)
  if (isResult(answer)) return answer
  const served = (answer.json as { issuer?: unknown } | undefined)?.issuer
  if (served === config.issuer) return ok(config.issuer)
  return failed(
    `${config.issuer} says that its issuer is ${typeof served === 'string' ? served : 'unknown'}`,
    'set HOLDFAST_ISSUER of server and client to the same public URL',
  )
}

async function jwks({ config }: CheckContext): Promise<CheckResult> {
  const answer = await ask(`${config.issuer}/.well-known/jwks.json`)
  if (isResult(answer)) return answer
  const keys = publishedKeys(answer.json).filter(isSigningKey)
  return keys.length > 0
    ? ok(`${keys.length} key(s)`)
    : failed('no signing key is published', 'read the log of the authorization server')
}

/** Tokens live minutes: a clock that is far off makes every one of them invalid. */
const tolerableSkewSeconds = 5

async function clock({ config }: CheckContext): Promise<CheckResult> {
  const answer = await ask(`${config.issuer}/healthz`)
  if (isResult(answer)) return answer
  const served = Date.parse(answer.headers.date ?? '')
  if (Number.isNaN(served)) return warning('the server sends no Date', 'check proxies in between')
  const skewSeconds = Math.abs(Date.now() - served) / 1000
  return skewSeconds <= tolerableSkewSeconds
    ? ok(`within ${tolerableSkewSeconds} s of the server`)
    : failed(`${Math.round(skewSeconds)} s apart from the server`, 'synchronise both clocks (NTP)')
}

async function enclave({ config }: CheckContext): Promise<CheckResult> {
  const answer = await ask(`${config.issuer}/.well-known/holdfast-sealing-keys.json`)
  if (isResult(answer)) return answer
  return answer.status === 200
    ? ok('answers through the server')
    : failed(`the server cannot reach it (status ${answer.status})`, 'read the log of the enclave')
}

/** What only the server can answer. */
export const serverChecks: readonly Check[] = [
  { id: 'issuer', title: 'issuer', run: issuer },
  { id: 'jwks', title: 'token keys', run: jwks },
  { id: 'clock', title: 'clock', run: clock },
  { id: 'enclave', title: 'enclave', run: enclave },
]
