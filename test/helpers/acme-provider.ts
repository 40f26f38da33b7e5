/** A provider of the operator's own, as a file of the catalog; it takes canaries for keys. */
export const acmeProvider = (url: string): string => `
name: acme
title: Acme
category: work
docs: https://acme.example/docs
verified: unverified
checked: 2026-11-23
base_url: ${url}
kinds:
  - id: token
    title: Access token
    credential: { kind: bearer }
    fields:
      token:
        title: Access token
        where: { url: 'https://acme.example/keys', words: 'Settings, then Keys.' }
        patterns: ['canary/[A-Za-z0-9+/]{32}"[a-z0-9]+', 'refused_[a-z]+']
        wrong: [{ patterns: ['pub_[a-z]+'], words: This is the public key. }]
identity: { path: /user, account: [/login] }
`
