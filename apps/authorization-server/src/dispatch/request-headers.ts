// Headers that are the enclave's or the connection's own, not the tool's: credentials, routing,
// framing, and what says who forwards for whom.
const forbidden = new Set([
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'dpop',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'origin',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])
const forbiddenPrefixes = ['proxy-', 'x-dedalus-', 'x-forwarded-', 'x-real-', 'sec-']

/** The first header, in lower case, that a tool may not set; `undefined` when all are fine. */
export function forbiddenHeader(names: readonly string[]): string | undefined {
  return names
    .map((name) => name.toLowerCase())
    .find(
      (name, index, all) =>
        forbidden.has(name) ||
        forbiddenPrefixes.some((prefix) => name.startsWith(prefix)) ||
        // `A` and `a` are one header: which of them wins would be the upstream's guess.
        all.indexOf(name) !== index,
    )
}
