import type { ProviderData } from '../schema.ts'
import { awsKinds } from './aws-keys.ts'

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
  kinds: awsKinds('bedrock', 'Create an access key for a user that may only call models.'),
  operations: [
    { name: 'converse', method: 'POST', path: '/model/*/converse', words: 'Ask a model.' },
  ],
}
