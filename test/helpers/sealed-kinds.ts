import { makeCanary } from './canary.ts'
import { createAuthority } from './tls.ts'

/** A kind of credential, with a secret for each of its fields. */
export interface SealedKind {
  readonly credential: object
  readonly secrets: Readonly<Record<string, string>>
  /** Of calls through it. */
  readonly method: string
}

/** For places where the other signs of a canary cannot stand. */
const plainCanary = (): string => makeCanary().replaceAll(/[^A-Za-z0-9]/g, 'x')
const places = [
  { in: 'query', name: 'key' },
  { in: 'cookie', name: 'key' },
  { in: 'path', template: '/bot{api_key}' },
  { in: 'body', format: 'json', name: 'key' },
  { in: 'body', format: 'form', name: 'key' },
]

/** One of each kind of credential that needs no token endpoint. */
export function makeSealedKinds(): readonly SealedKind[] {
  const clientCertificate = createAuthority().issue(['client'], { usage: 'client' })
  return [
    ...places.map((place) => ({
      credential: { kind: 'api_key', ...place },
      secrets: { api_key: place.in === 'cookie' ? plainCanary() : makeCanary() },
      method: place.in === 'body' ? 'POST' : 'GET',
    })),
    {
      credential: {
        ...{ kind: 'fields', fields: ['app_id', 'app_key'] },
        inject: [
          { in: 'header', name: 'x-app', template: '{app_id}:{app_key}' },
          { in: 'query', name: 'key', template: '{app_key}' },
        ],
      },
      secrets: { app_id: makeCanary(), app_key: makeCanary() },
      method: 'GET',
    },
    {
      credential: {
        ...{ kind: 'hmac', algorithm: 'sha256', encoding: 'hex' },
        string_to_sign: '{method}{target}',
        signature: { in: 'header', name: 'x-signature' },
      },
      secrets: { secret: makeCanary() },
      method: 'GET',
    },
    {
      credential: { kind: 'aws_sigv4', region: 'eu-central-1', service: 's3' },
      secrets: {
        access_key_id: 'AKIDEXAMPLE0000001',
        secret_access_key: plainCanary(),
        session_token: plainCanary(),
      },
      method: 'GET',
    },
    {
      credential: { kind: 'mtls' },
      secrets: { certificate: clientCertificate.certPem, private_key: clientCertificate.keyPem },
      method: 'GET',
    },
    { credential: { kind: 'bearer' }, secrets: { token: makeCanary() }, method: 'GET' },
    {
      credential: { kind: 'basic' },
      secrets: { username: makeCanary(), password: makeCanary() },
      method: 'GET',
    },
  ]
}
