import type { ProviderData } from '../schema.ts'

export const azureOpenai: ProviderData = {
  name: 'azure-openai',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Azure OpenAI',
  category: 'ai',
  docs: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/reference',
  base_url: 'https://{resource}.openai.azure.com',
  variables: {
    resource: {
      title: 'Name of your Azure OpenAI resource',
      example: 'acme-openai',
      words: 'The first part of the endpoint under Keys and Endpoint.',
    },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'Resource key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Key 1 or key 2',
          where: {
            url: 'https://portal.azure.com/',
            words: 'Open the resource and then Keys and Endpoint.',
          },
        },
      },
    },
  ],
  identity: { path: '/openai/models?api-version=2024-10-21' },
}
