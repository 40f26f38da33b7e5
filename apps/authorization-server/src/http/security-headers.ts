import type { ServerResponse } from 'node:http'

/** No script, no foreign resource, no frame; forms post only to ourselves. */
export const pageContentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** Headers of every answer; `no-store` is lifted only where something may be cached. */
export function setSecurityHeaders(response: ServerResponse, https: boolean): void {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('X-Frame-Options', 'DENY')
  // `no-referrer` would make same-origin form posts send `Origin: null`.
  response.setHeader('Referrer-Policy', 'same-origin')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Security-Policy', pageContentSecurityPolicy)
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=()')
  if (https) response.setHeader('Strict-Transport-Security', 'max-age=31536000')
}
