import { isIP } from 'node:net'
import { connect, type PeerCertificate } from 'node:tls'
import { type CheckResult, failed, ok, skipped, warning } from './check.ts'
import { reasonOf } from './probe.ts'
import type { RemoteTarget } from './target.ts'

const warnDays = 14

/** The certificate of the issuer, and of the protected server where that is another. */
export async function tls({ issuer, resource }: RemoteTarget): Promise<CheckResult> {
  const origins = new Set(
    [resource, issuer].flatMap((url) => (url === undefined ? [] : [new URL(url).origin])),
  )
  const results: CheckResult[] = []
  for (const origin of origins) {
    const url = new URL(origin)
    if (url.protocol === 'https:') results.push(await certificateOf(url))
    else if (!['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
      results.push(
        failed(`${origin} is not https`, 'put TLS before it: tokens must not travel in plain text'),
      )
    }
  }
  return (
    results.find(({ outcome }) => outcome === 'failed') ??
    results.find(({ outcome }) => outcome === 'warning') ??
    results[0] ??
    skipped('plain http on this machine')
  )
}

async function certificateOf({ hostname, port, host }: URL): Promise<CheckResult> {
  try {
    const { problem, certificate } = await handshake(
      hostname.replaceAll(/[[\]]/g, ''),
      Number(port || 443),
    )
    const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / 86_400_000)
    if (problem !== undefined) {
      return failed(
        `${host}: ${problem}`,
        problem === 'CERT_HAS_EXPIRED'
          ? 'renew the certificate'
          : 'use a certificate for this name from an authority that clients trust, with its whole chain; for a private authority set NODE_EXTRA_CA_CERTS here',
      )
    }
    return days < warnDays
      ? warning(`${host}: the certificate ends in ${days} days`, 'renew it')
      : ok(`${host}: the certificate is good for ${days} days`)
  } catch (error) {
    return failed(`${host}: no TLS (${reasonOf(error)})`, 'check that https is served on this port')
  }
}

/** Looks at the certificate also where it is not to be trusted; nothing is sent over the connection. */
function handshake(
  host: string,
  port: number,
): Promise<{ readonly problem: string | undefined; readonly certificate: PeerCertificate }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      timeout: 5_000,
      ...(isIP(host) === 0 && { servername: host }),
    })
    socket.once('timeout', () => socket.destroy(new Error('no answer in 5 s')))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const reason: unknown = socket.authorizationError
      const problem =
        reason instanceof Error
          ? ((reason as NodeJS.ErrnoException).code ?? reason.message)
          : reason
      resolve({
        problem: socket.authorized ? undefined : String(problem),
        certificate: socket.getPeerCertificate(),
      })
      socket.destroy()
    })
  })
}
