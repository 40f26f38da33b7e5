import type { Client } from 'oidc-provider'
import { cleanText, hasMixedScripts } from '../registration/clean-text.ts'
import { documentHost } from '../registration/documents/document-url.ts'
import { isStaticClient } from '../registration/static-client.ts'
import type { ConsentView } from '../views/consent.ts'

/** Who a client is, as far as this server knows it. Its name and logo are its own claim. */
export function describeClient(
  client: Client,
  redirect: Pick<ConsentView, 'redirectTo' | 'redirectKind'>,
): Pick<ConsentView, 'clientName' | 'clientHost' | 'unverified'> {
  const host = documentHost(client.clientId)
  const name = cleanText(client.clientName ?? '', 100)
  const webHost = redirect.redirectKind === 'web' ? redirect.redirectTo : undefined
  return {
    clientName: name ?? host ?? client.clientId,
    clientHost: host ?? webHost,
    unverified: isStaticClient(client) ? undefined : warning(host, name),
  }
}

function warning(host: string | undefined, name: string | undefined): string {
  const source =
    host === undefined
      ? 'This app is not verified: it registered itself, and could call itself anything.'
      : `The name of this app is not verified: all that is known is that ${host} describes it.`
  return name !== undefined && hasMixedScripts(name)
    ? `${source} Its name mixes letters of several alphabets that look alike.`
    : source
}

/** Where the answer goes, as far as people can judge it. */
export function describeRedirect(uri: string): Pick<ConsentView, 'redirectTo' | 'redirectKind'> {
  const url = URL.parse(uri)
  if (!url) return { redirectTo: 'an unreadable address', redirectKind: 'app' }
  if (!/^https?:$/.test(url.protocol)) {
    return { redirectTo: `${url.protocol}//${url.host}`, redirectKind: 'app' }
  }
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return { redirectTo: url.host, redirectKind: isLoopback ? 'loopback' : 'web' }
}
