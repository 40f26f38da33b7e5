import { createHash } from 'node:crypto'
import { EnclaveError } from '@holdfast/protocol/channel'
import { signedChunks, streamingPayload } from '../aws-chunks.ts'
import {
  authorization,
  encodesPathOnce,
  type SignableRequest,
  signatureOf,
  signingKey,
} from '../aws-sigv4.ts'
import type { OutgoingRequest, Piece } from '../outgoing-request.ts'
import { joinSecret } from '../secret-bytes.ts'
import type { CredentialInjector, KindOf, Secrets } from './injector.ts'

type Kind = KindOf<'aws_sigv4'>

const tokenHeader = 'x-amz-security-token'
const hashHeader = 'x-amz-content-sha256'
const decodedLengthHeader = 'x-amz-decoded-content-length'

/** By which a caller could sign for somebody else, or say that the request is older than it is. */
const queryOfPresigned = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]

/** Headers that a hop between may change. */
const unsigned = new Set(['accept-encoding', 'user-agent', 'x-amzn-trace-id'])

/** AWS Signature Version 4 in headers. The body is held in memory; it is signed as a whole, in chunks or not. */
export const awsSigV4Injector: CredentialInjector<Kind> = {
  plan: (kind, secrets) => ({ values: [], sign: (request) => sign(request, kind, secrets) }),
  fault(_kind, { access_key_id, secret_access_key, session_token }) {
    if (!access_key_id?.every(isLetterOrDigit) || access_key_id.length < 16) {
      return 'the access key id is made of 16 letters and digits or more, such as AKIA…; did you swap it with the secret key?'
    }
    return [secret_access_key, session_token].every((secret) => secret?.every(isVisible) ?? true)
      ? undefined
      : 'the secret access key and session token hold no blanks; paste them without'
  },
}

const isVisible = (byte: number): boolean => byte > 0x20 && byte < 0x7f
const isLetterOrDigit = (byte: number): boolean => /[A-Za-z0-9]/.test(String.fromCharCode(byte))

function sign(request: OutgoingRequest, kind: Kind, secrets: Secrets): readonly Buffer[] {
  const { region, service } = kind
  for (const name of queryOfPresigned) request.refuseQuery(name)
  const amzDate = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const body = request.body ?? nothing
  const isChunked = kind.payload === 'chunked' && body.length > 0
  const payloadHash = isChunked ? streamingPayload : payloadHashOf(kind, body)
  request.addHeader('x-amz-date', amzDate)
  if (isChunked || kind.payload === 'unsigned' || encodesPathOnce(service)) {
    request.addHeader(hashHeader, payloadHash)
  } else {
    request.refuseHeader(hashHeader)
  }
  if (isChunked) request.addHeader(decodedLengthHeader, String(body.length))
  else request.refuseHeader(decodedLengthHeader)
  if (isChunked) request.encodeContent('aws-chunked')
  const { session_token: token } = secrets
  if (token) request.addHeader(tokenHeader, joinSecret(token))
  else request.refuseHeader(tokenHeader)
  const signable = signableOf(request, service, payloadHash)
  const { access_key_id: accessKeyId = nothing, secret_access_key: secretAccessKey = nothing } =
    secrets
  const scope = { region, service, amzDate, normalizesPath: !encodesPathOnce(service) }
  const key = signingKey(scope, secretAccessKey)
  try {
    const signature = signatureOf(signable, scope, key)
    request.addHeader('authorization', ...authorization(signable, scope, accessKeyId, signature))
    if (isChunked) request.replaceBody(signedChunks(body, signature, scope, key))
    return [Buffer.from(signature)]
  } finally {
    key.wipe()
  }
}

const payloadHashOf = ({ payload }: Kind, body: Uint8Array): string =>
  payload === 'unsigned' ? 'UNSIGNED-PAYLOAD' : createHash('sha256').update(body).digest('hex')

function signableOf(
  request: OutgoingRequest,
  service: string,
  payloadHash: string,
): SignableRequest {
  const headers = [...request.headers].filter(([name]) => !unsigned.has(name.toLowerCase()))
  const path = textOf(request.path)
  const query = textOf(request.query)
  if (query.includes('+') || (encodesPathOnce(service) && path.includes('+'))) {
    throw new EnclaveError(
      'INVALID_REQUEST',
      'AWS reads + in two ways; write a blank as %20 and a plus as %2B',
    )
  }
  return {
    method: request.method,
    path,
    query,
    headers: [['host', [request.authority]], ...headers],
    payloadHash,
  }
}

const nothing = new Uint8Array()

// This kind puts no secret into path or query.
const textOf = (pieces: readonly Piece[]): string => pieces.join('')
