import type { ProviderData } from '../schema.ts'

export const huggingFace: ProviderData = {
  name: 'hugging-face',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Hugging Face',
  category: 'ai',
  docs: 'https://huggingface.co/docs/hub/security-tokens',
  base_url: 'https://huggingface.co',
  kinds: [
    {
      id: 'token',
      title: 'User access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          patterns: ['hf_[A-Za-z0-9]{30,}'],
          where: {
            url: 'https://huggingface.co/settings/tokens',
            words: 'Create a fine-grained token with the repositories it needs.',
          },
          wrong: [
            {
              patterns: ['api_org_[A-Za-z0-9]{30,}'],
              words:
                'This is an organization token of the old kind. Create a fine-grained user token.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Hugging Face', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://huggingface.co/oauth/authorize',
    token_endpoint: 'https://huggingface.co/oauth/token',
    // https://huggingface.co/docs/hub/spaces-oauth
    access_page: 'https://huggingface.co/settings/connected-applications',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      openid: 'Know who you are.',
      profile: 'Read your user name and avatar.',
      email: 'Read your e-mail address.',
      'read-repos': 'Read your repositories.',
      'write-repos': 'Read and change your repositories.',
      'inference-api': 'Call inference providers on your account.',
    },
    default_scopes: ['openid', 'profile'],
    register_url: 'https://huggingface.co/settings/applications/new',
  },
  identity: { path: '/api/whoami-v2', account: ['/name'] },
}
