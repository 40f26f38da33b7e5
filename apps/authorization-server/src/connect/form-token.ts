import type { CsrfTokens } from '../interaction/same-origin.ts'

/** The token of a page's forms for the browser that is shown them: no use in any other. */
export const tokenFor = (csrf: CsrfTokens, browser: string, page: string): string =>
  csrf.tokenFor(nameOf(page, browser))

/** @throws HttpProblem 403 when the form was shown to another browser, or to none */
export function requireToken(
  csrf: CsrfTokens,
  browser: string | undefined,
  page: string,
  form: URLSearchParams,
): void {
  // No page is ever made for a browser without a secret.
  csrf.require(nameOf(page, browser ?? ''), form)
}

const nameOf = (page: string, browser: string): string => `${page} ${browser}`
