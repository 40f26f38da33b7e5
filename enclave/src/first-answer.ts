import type { TLSSocket } from 'node:tls'
import { certificateUnanswered } from './upstream-errors.ts'

const cutOff: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * Makes a connection whose server asked for a client certificate say so when it ends before its first
 * byte: with TLS 1.3 a server judges the certificate after the handshake, and some then close without
 * an alert.
 */
export function explainSilentRefusal(socket: TLSSocket): void {
  // A server names its signature algorithms to a client only in its request for a certificate.
  if (socket.getSharedSigalgs().length === 0) return
  const explain = (error: NodeJS.ErrnoException): void => {
    // The client library passes on this very object.
    if (cutOff.has(error.code)) error.cause = certificateUnanswered()
  }
  // An alert that was read and a write that then failed are two errors of one socket.
  socket.on('error', explain).once('readable', () => {
    // An end makes it readable too, with nothing to read.
    if (socket.readableLength === 0) socket.destroy(certificateUnanswered())
    else socket.off('error', explain)
  })
}
