import type { ProviderData } from '../schema.ts'

type Kind = ProviderData['kinds'][number]
type Field = NonNullable<Kind['fields']>[string]

const lasting = ['AKIA[A-Z2-7]{16}']
const temporary = ['ASIA[A-Z2-7]{16}']

const keyId: Field = { title: 'Access key id', visible: true }
const secretKey: Field = { title: 'Secret access key', patterns: ['[A-Za-z0-9/+]{40}'] }

/** The ways to sign for a service of AWS: with a user's key, or with one that ends within hours. */
export const awsKinds = (service: string, words: string): Kind[] => [
  {
    id: 'access_key',
    title: 'Access key',
    credential: { kind: 'aws_sigv4', region: '{region}', service },
    fields: {
      access_key_id: {
        ...keyId,
        patterns: lasting,
        wrong: [
          {
            patterns: temporary,
            words:
              'This key is temporary and ends within hours. Use an access key of a user with few rights, or choose --kind temporary_key and give its session token.',
          },
        ],
      },
      secret_access_key: {
        ...secretKey,
        where: { url: 'https://console.aws.amazon.com/iam/home#/users', words },
      },
    },
  },
  {
    id: 'temporary_key',
    title: 'Temporary key with a session token',
    credential: { kind: 'aws_sigv4', region: '{region}', service },
    advice:
      'A temporary key ends within hours; then the connection needs a new one by `holdfast connections rotate`.',
    fields: {
      access_key_id: { ...keyId, patterns: temporary },
      secret_access_key: secretKey,
      session_token: { title: 'Session token' },
    },
  },
]
