import type Koa from 'koa'
import type { Logger } from 'pino'
import type { RequestState } from '../context.ts'
import { errorPage } from '../views/message.ts'
import { sendPage } from '../views/page.ts'
import { HttpProblem } from './problem.ts'

const titles: Record<number, string> = {
  403: 'This was refused',
  404: 'There is nothing here',
  410: 'This no longer works',
  429: 'Too many attempts',
  503: 'This server is busy',
}

/** Turns what was thrown, and what nobody answered, into an answer: a page for people, JSON for programs. */
export function answerErrors(logger: Logger): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    try {
      await next()
      if (koa.status === 404 && (koa.body === undefined || koa.body === null)) {
        throw new HttpProblem(404, 'Check the address.', { error: 'not_found' })
      }
    } catch (error) {
      const problem = toProblem(error)
      if (problem.status >= 500) {
        logger.error({ err: error, request_id: koa.state.requestId }, 'a request failed')
      }
      for (const [name, value] of Object.entries(problem.headers)) koa.set(name, value)
      koa.set('Cache-Control', 'no-store')
      if (wantsPage(koa)) {
        await sendPage(
          koa,
          problem.status,
          errorPage({
            title: titles[problem.status] ?? 'This did not work',
            text: problem.message,
            requestId: koa.state.requestId,
          }),
        )
        return
      }
      koa.status = problem.status
      koa.body = { error: problem.error, error_description: problem.message }
    }
  }
}

/** A browser asks for HTML; programs ask for JSON or for anything. */
const wantsPage = (koa: Koa.Context): boolean => koa.accepts('json', 'html') === 'html'

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  return new HttpProblem(500, 'Something went wrong on our side. Try again; it has been logged.')
}
