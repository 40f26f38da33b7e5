import { connect as connectSocket, isIP, type Socket } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  rootCertificates,
  type TLSSocket,
} from 'node:tls'
import type { EnclaveError } from '@holdfast/protocol/channel'
import type { buildConnector } from 'undici'
import type { ClientCertificate } from './client-certificate.ts'
import { explainSilentRefusal } from './first-answer.ts'
import { replacePlaceholders } from './secret-header.ts'
import { relayRefusal, relayUnreachable, tlsFailure } from './upstream-errors.ts'

/** Options of {@link createConnector}. */
export interface ConnectorOptions {
  /** Path of the relay's socket. */
  readonly relaySocket: string
  /** Certificates to trust beside Node's own, PEM. */
  readonly extraCaPem?: string | undefined
  /** Proves the client to upstreams that ask. Read once, not kept. */
  readonly clientCertificate?: ClientCertificate | undefined
  /** Time to reach the upstream and finish the handshake. Default 15000. */
  readonly connectTimeoutMs?: number | undefined
}

const defaultTimeoutMs = 15_000
const maxAnswerBytes = 64
const lineFeed = 0x0a

/**
 * Connects to an upstream: through the relay's Unix socket, then TLS that ends here. The relay is not
 * trusted: at worst it makes the handshake fail.
 */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { relaySocket, extraCaPem, clientCertificate: client } = options
  const { connectTimeoutMs = defaultTimeoutMs } = options
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ca: extraCaPem === undefined ? [...rootCertificates] : [...rootCertificates, extraCaPem],
    ...(client && { cert: Buffer.from(client.certificate), key: asBuffer(client.privateKey) }),
  })
  return ({ hostname, port }, callback) => {
    const authority = `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port || '443'}`
    let tls: TLSSocket | undefined
    let settled = false
    const settle = (error: EnclaveError | null, socket: TLSSocket | null): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      if (socket) return callback(null, socket)
      tls?.destroy()
      relay.destroy()
      callback(error ?? relayUnreachable(), null)
    }
    const relay = connectSocket(relaySocket, () => relay.write(`CONNECT ${authority}\n`))
    const timer = setTimeout(() => settle(relayRefusal('TIMEOUT'), null), connectTimeoutMs)
    // Stays for the socket's life: an error without a listener would end the process.
    relay.on('error', () => settle(relayUnreachable(), null))
    readAnswer(relay, (refusal) => {
      if (refusal) return settle(refusal, null)
      tls = connectTls({
        socket: relay,
        host: hostname,
        ...(isIP(hostname) === 0 && { servername: hostname }),
        secureContext,
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: true,
      })
      const secured = tls
      const fail = (error?: Error): void => settle(tlsFailure(error, client !== undefined), null)
      secured.on('error', fail)
      secured.once('close', () => fail())
      secured.once('secureConnect', () => {
        replacePlaceholders(secured)
        explainSilentRefusal(secured)
        settle(null, secured)
      })
    })
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** Reads `OK\n` or `ERR CODE\n` and leaves what follows on the socket. */
function readAnswer(relay: Socket, done: (refusal: EnclaveError | undefined) => void): void {
  let seen = Buffer.alloc(0)
  const finish = (refusal: EnclaveError | undefined): void => {
    relay.off('readable', read).off('close', closed)
    done(refusal)
  }
  const closed = (): void => finish(relayUnreachable())
  const read = (): void => {
    for (;;) {
      const chunk = relay.read() as Buffer | null
      if (chunk === null) return
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf(lineFeed)
      if (end === -1 && seen.length <= maxAnswerBytes) continue
      const line = seen.toString('latin1', 0, Math.max(end, 0))
      if (line !== 'OK') return finish(relayRefusal(line.replace(/^ERR /, '')))
      const rest = seen.subarray(end + 1)
      if (rest.length > 0) relay.unshift(rest)
      return finish(undefined)
    }
  }
  relay.on('readable', read).on('close', closed)
}
