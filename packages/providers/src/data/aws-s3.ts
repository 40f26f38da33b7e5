import type { ProviderData } from '../schema.ts'

export const awsS3: ProviderData = {
  name: 'aws-s3',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Amazon S3',
  category: 'cloud',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html',
  base_url: 'https://s3.{region}.amazonaws.com',
  variables: {
    region: {
      title: 'Region',
      example: 'eu-central-1',
      pattern: '[a-z]{2,3}-[a-z]{4,10}-\\d',
      default: 'us-east-1',
    },
  },
  kinds: [
    {
      id: 'access_key',
      title: 'Access key',
      credential: { kind: 'aws_sigv4', region: '{region}', service: 's3' },
      fields: {
        access_key_id: {
          title: 'Access key id',
          visible: true,
          patterns: ['AKIA[A-Z2-7]{16}'],
          wrong: [
            {
              patterns: ['ASIA[A-Z2-7]{16}'],
              words:
                'This key is temporary and ends within hours. Use an access key of a user with few rights.',
            },
          ],
        },
        secret_access_key: {
          title: 'Secret access key',
          patterns: ['[A-Za-z0-9/+]{40}'],
          where: {
            url: 'https://console.aws.amazon.com/iam/home#/users',
            words: 'Create an access key for a user that may only do this.',
          },
        },
      },
    },
  ],
  operations: [
    { name: 'objects.get', method: 'GET', path: '/**', words: 'List and read objects.' },
    { name: 'objects.put', method: 'PUT', path: '/**', words: 'Write objects.' },
  ],
}
