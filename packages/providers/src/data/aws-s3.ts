import type { ProviderData } from '../schema.ts'
import { awsKinds } from './aws-keys.ts'

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
  kinds: awsKinds('s3', 'Create an access key for a user that may only do this.'),
  operations: [
    { name: 'objects.get', method: 'GET', path: '/**', words: 'List and read objects.' },
    { name: 'objects.put', method: 'PUT', path: '/**', words: 'Write objects.' },
  ],
}
