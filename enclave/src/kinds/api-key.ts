import type { CredentialKind } from '@holdfast/protocol'
import { joinSecret } from '../secret-bytes.ts'
import type { CredentialInjector } from './injector.ts'

const placeholder = '{api_key}'

/** An API key in any header: every `{api_key}` of the template is the key, the rest is literal. */
export const apiKeyInjector: CredentialInjector<Extract<CredentialKind, { kind: 'api_key' }>> = {
  inject({ header_name, header_template }, { api_key = new Uint8Array() }) {
    const parts = header_template
      .split(placeholder)
      .flatMap((text, index) => (index === 0 ? [] : [api_key]).concat(Buffer.from(text, 'latin1')))
    return { name: header_name, value: joinSecret(...parts) }
  },
}
