import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { DocumentError, type DocumentErrorCode } from '../registration/documents/errors.ts'
import { errorPage } from '../views/message.ts'
import { sendPage } from '../views/page.ts'

/** What to do about errors that people, not programs, get to see. */
const advice: Record<string, string> = {
  invalid_client:
    'The app is not registered here (any more). Remove its saved sign-in and connect it again, or register it with `holdfast clients register`.',
  invalid_redirect_uri:
    'The app asked to send you to an address that is not registered for it. Register that exact address, or do not trust this link.',
  invalid_target: 'The app asked for a server that is not registered here.',
}

const documentTitles: Partial<Record<DocumentErrorCode, string>> = {
  HOST_WAITING: 'This app has to be approved first',
  HOST_NOT_ALLOWED: 'This app is not allowed here',
  HOST_DENIED: 'This app is not allowed here',
  INVALID: 'This app describes itself in a way that cannot be used',
  UNAVAILABLE: 'This app could not be looked up',
}

/** The page for an authorization request that cannot be answered to its client. */
export async function renderAuthorizationError(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error?: Error,
): Promise<void> {
  if (error?.cause instanceof DocumentError) {
    const { code, message, fix } = error.cause
    const title = documentTitles[code] ?? 'This app is not known here'
    return sendPage(ctx, ctx.status, errorPage({ title, text: message, fix, code: out.error }))
  }
  const sessionGone = out.error === 'invalid_request' && ctx.path.includes('/oauth2/auth/')
  await sendPage(
    ctx,
    ctx.status,
    errorPage({
      title: sessionGone ? 'This sign-in has expired' : 'This request cannot be completed',
      text: sessionGone
        ? 'Go back to the app and start again.'
        : (advice[out.error] ?? 'Go back to the app and try again.'),
      code: out.error,
      detail: out.error_description,
    }),
  )
}
