import type { AuthenticatedRequest } from './authenticated-request.ts'

/** Runs a function so that code below it can find the request it serves. */
export type RunInContext = <Result>(
  request: AuthenticatedRequest | undefined,
  work: () => Result,
) => Result

let run: RunInContext = (_request, work) => work()

/** Installed by `./context`, the one module that needs a runtime with asynchronous contexts. */
export function installContext(installed: RunInContext): void {
  run = installed
}

/** {@link RunInContext}, which does nothing more unless `./context` was imported. */
export const runInContext: RunInContext = (request, work) => run(request, work)
