import { ClientError } from '../errors.ts'

/** Answers of authorization servers, each for the sign-in whose `state` it names. */
export interface AnswersByState {
  /** False for a URL that is no answer to a sign-in. */
  readonly deliver: (answer: URL) => boolean
  /**
   * The answer to the sign-in that begins at a URL.
   *
   * @throws ClientError `LOGIN_FAILED`
   */
  readonly of: (authorization: URL) => Promise<URL>
  /** Nobody waits any longer. */
  readonly end: () => void
}

/** Any web page can send the browser here: what nobody waits for is bounded. */
const maxEarly = 16

/** Keeps what comes before somebody waits for it, since a browser may be faster than the program. */
export function answersByState(timeoutMs: number): AnswersByState {
  const early = new Map<string, URL>()
  const waiting = new Map<string, PromiseWithResolvers<URL>>()

  const wait = async (state: string): Promise<URL> => {
    const answered = Promise.withResolvers<URL>()
    waiting.set(state, answered)
    const timer = setTimeout(
      () => answered.reject(failure('nobody finished the sign-in in a browser in time')),
      timeoutMs,
    )
    try {
      return await answered.promise
    } finally {
      clearTimeout(timer)
      waiting.delete(state)
    }
  }

  return {
    deliver: (answer) => {
      const { searchParams } = answer
      const state = searchParams.get('state')
      if (!state || !(searchParams.get('code') || searchParams.get('error'))) return false
      const answered = waiting.get(state)
      if (answered !== undefined) answered.resolve(answer)
      else early.set(state, answer)
      const [oldest] = early.keys()
      if (early.size > maxEarly && oldest !== undefined) early.delete(oldest)
      return true
    },
    of: async ({ searchParams }) => {
      const state = searchParams.get('state')
      if (!state) throw failure('the URL of the sign-in has no state')
      const answer = early.get(state) ?? (await wait(state))
      early.delete(state)
      return answer
    },
    end: () => {
      for (const { reject } of waiting.values()) reject(failure('the redirect was closed'))
    },
  }
}

const failure = (message: string): ClientError => new ClientError('LOGIN_FAILED', message)
