import type { Errand, Surroundings } from '../columns.ts'

export const redirectUri = 'http://127.0.0.1:49152/callback'

/** What both versions of the MCP SDK ask of an application; tokens and keys are theirs. */
export interface SdkProvider {
  /** Where the browser came back to. */
  answer: URL | undefined
  readonly [method: string]: unknown
}

/** An application that keeps in memory what the SDK tells it to keep. */
export function createSdkProvider(
  { introduction }: Errand,
  { documentUrl, authorize }: Surroundings,
  more: Readonly<Record<string, unknown>> = {},
): SdkProvider {
  const kept = new Map<string, unknown>()
  const state = crypto.randomUUID()
  const keep =
    (name: string) =>
    (value: unknown): void =>
      void kept.set(name, value)
  const provider: SdkProvider = {
    answer: undefined,
    redirectUrl: redirectUri,
    ...(introduction === 'CIMD' && { clientMetadataUrl: documentUrl }),
    clientMetadata: { client_name: 'Zoo application', redirect_uris: [redirectUri] },
    state: () => state,
    clientInformation: () => kept.get('client'),
    saveClientInformation: keep('client'),
    tokens: () => kept.get('tokens'),
    saveTokens: keep('tokens'),
    codeVerifier: () => kept.get('verifier'),
    saveCodeVerifier: keep('verifier'),
    discoveryState: () => kept.get('discovery'),
    saveDiscoveryState: keep('discovery'),
    redirectToAuthorization: async (url: URL) => {
      provider.answer = await authorize(url)
      if (provider.answer.searchParams.get('state') !== state) throw new Error('another state')
    },
    ...more,
  }
  return provider
}

/** A tool's answer in either SDK. */
export type SdkAnswer = Readonly<Record<string, unknown>>

/** The text of an answer. @throws Error for an answer that is an error */
export function textOf({ isError, content }: SdkAnswer): string {
  const text = (content as readonly { readonly text?: string }[]).map((part) => part.text).join('')
  if (isError === true) throw new Error(text)
  return text
}

/** A connection of either SDK; `finish` redeems the answer of the browser. */
export interface SdkConnection {
  readonly connect: () => Promise<void>
  readonly callTool: (name: string) => Promise<SdkAnswer>
  readonly finish: (answer: URL) => Promise<void>
  readonly close: () => Promise<void>
}

/** Connects and calls; whenever the SDK says that a person is needed, goes on with their answer. */
export async function callAsApplication(
  provider: SdkProvider,
  tool: string,
  open: () => SdkConnection,
  isUnauthorized: (error: unknown) => boolean,
): Promise<string> {
  // Once for the sign-in and once for more rights; a third time would be a circle.
  for (let attempt = 0; ; attempt += 1) {
    const connection = open()
    provider.answer = undefined
    try {
      await connection.connect()
      return textOf(await connection.callTool(tool))
    } catch (error) {
      const { answer } = provider as { answer: URL | undefined }
      if (!isUnauthorized(error) || answer === undefined || attempt === 2) throw error
      await connection.finish(answer)
    } finally {
      await connection.close()
    }
  }
}
