import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import type { Config } from './config.ts'
import { CliError, usage } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { layoutOf } from './supervisor/layout.ts'
import { notRunning, readStatus } from './supervisor/status.ts'
import { isInteractive } from './terminal/secrets.ts'

/**
 * The link that the running supervisor keeps for its own user; undefined when there is none to read and
 * somebody can be asked for it.
 *
 * @throws CliError `NOT_RUNNING`, or `SETUP_DONE` where there is an administrator
 */
export async function findSetupLink(config: Config): Promise<string | undefined> {
  const file = layoutOf(config, 'all').setupLinkFile
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    if (existsSync(file)) return undefined
  }
  const status = await readStatus(config)
  if (status.running && status.processes.some(isServing)) {
    throw new CliError('there is an administrator already', {
      exitCode: exitCodes.conflict,
      code: 'SETUP_DONE',
      fix: 'sign in: `holdfast login`; an administrator invites others: `holdfast users add`',
    })
  }
  if (isInteractive()) return undefined
  throw notRunning(config)
}

const isServing = ({ name, health }: { readonly name: string; readonly health: string }): boolean =>
  name === 'authorization-server' && health === 'ok'

/**
 * Fills in the set-up page's form.
 *
 * @throws CliError with the page's own words when it refuses
 */
export async function redeemSetupLink(
  link: string,
  email: string,
  password: string,
): Promise<void> {
  const key = URL.canParse(link) ? new URL(link).searchParams.get('key') : null
  if (key === null) {
    throw usage('this is not a set-up link', 'copy the whole link that `holdfast up` printed')
  }
  const { status, page } = await postForm(new URL('/setup', link), { key, email, password })
  if (status === 200) return
  throw new CliError(alertOf(page) ?? `the server answered ${status}`, {
    exitCode: exitCodeOfPage[status] ?? exitCodes.error,
    code: status === 410 ? 'SETUP_LINK_GONE' : 'SETUP_REFUSED',
    fix:
      status === 410
        ? 'if there is an administrator, sign in: `holdfast login`; if there is none, restart the server, which prints a new link'
        : 'correct it and run the command again',
  })
}

const exitCodeOfPage: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  409: exitCodes.conflict,
  410: exitCodes.conflict,
}

async function postForm(
  url: URL,
  fields: Record<string, string>,
): Promise<{ status: number; page: string }> {
  const body = new URLSearchParams(fields).toString()
  const { request } = url.protocol === 'https:' ? https : http
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    }
    request(url, options, resolve)
      .once('error', (cause) => {
        reject(
          new CliError(`${url.origin} does not answer`, {
            exitCode: exitCodes.serverUnreachable,
            code: 'SERVER_UNREACHABLE',
            fix: 'start the server with `holdfast up`',
            cause,
          }),
        )
      })
      .end(body)
  })
  return { status: response.statusCode ?? 0, page: await text(response) }
}

/** The text of the page's alert, which is written for people. */
function alertOf(page: string): string | undefined {
  const alert = /role="alert"[^>]*>([\s\S]*?)<\/(?:p|div)>/.exec(page)?.[1]
  const words = alert
    ?.replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return words?.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
