import * as oauth from 'oauth4webapi'
import type { PresentableToken, Refusal } from './auth.ts'

/** The refusal that a response stands for; undefined when it is none that another token may cure. */
export async function refusalOf(
  response: Response,
  rejected: PresentableToken | undefined,
): Promise<Refusal | undefined> {
  if (response.status !== 401 && response.status !== 403) return undefined
  const challenges = (await challengesOf(response)).filter(
    ({ scheme }) => scheme === 'bearer' || scheme === 'dpop',
  )
  const parameter = (name: string): string | undefined =>
    challenges
      .map(({ parameters }) => parameters[name as 'error'])
      .find((value) => value !== undefined)
  const error = parameter('error')
  if (response.status === 403 && error !== 'insufficient_scope') return undefined
  if (rejected?.dpopKey !== undefined && proofErrors.has(error ?? '')) return undefined
  return {
    status: response.status,
    error,
    scope: parameter('scope'),
    resourceMetadata: parameter('resource_metadata'),
    schemes: challenges.map(({ scheme }) => scheme),
    rejected,
  }
}

/** What is wrong with the proof that a bound token came with; undefined when that is not the reason. */
export async function proofErrorOf(response: Response): Promise<string | undefined> {
  if (response.status !== 401) return undefined
  const errors = (await challengesOf(response)).map(({ parameters }) => parameters.error)
  return errors.find((error) => error !== undefined && proofErrors.has(error))
}

const proofErrors: ReadonlySet<string> = new Set(['use_dpop_nonce', 'invalid_dpop_proof'])

/** The library parses challenges only while it handles a response, so it is handed this one. */
async function challengesOf(
  response: Response,
): Promise<readonly oauth.WWWAuthenticateChallenge[]> {
  try {
    const url = new URL('https://unused.invalid')
    await oauth.protectedResourceRequest('unused', 'GET', url, undefined, undefined, {
      [oauth.customFetch]: () => Promise.resolve(response),
    })
    return []
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.cause
    throw error
  }
}
