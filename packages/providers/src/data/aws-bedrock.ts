import type { ProviderData } from '../schema.ts'

export const awsBedrock: ProviderData = {
  name: 'aws-bedrock',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Amazon Bedrock',
  category: 'ai',
  docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-setup.html',
  base_url: 'https://bedrock-runtime.{region}.amazonaws.com',
  variables: {
    region: {
      title: 'Region',
      example: 'us-east-1',
      pattern: '[a-z]{2,3}-[a-z]{4,10}-\\d',
      default: 'us-east-1',
    },
  },
  kinds: [
    {
      id: 'access_key',
      title: 'Access key',
      credential: { kind: 'aws_sigv4', region: '{region}', service: 'bedrock' },
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
            words: 'Create an access key for a user that may only call models.',
          },
        },
      },
    },
  ],
  operations: [
    { name: 'converse', method: 'POST', path: '/model/*/converse', words: 'Ask a model.' },
  ],
}
