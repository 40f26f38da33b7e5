import { describe, expect, test } from 'vitest'
import { formatChallenge, TokenError } from '../src/token.ts'

const resourceMetadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

describe('WWW-Authenticate', () => {
  test('leads with Bearer, names scopes and metadata, and carries no error without a token', () => {
    const error = new TokenError('missing_token', 'missing authorization header')
    expect(formatChallenge(error, { dpop: 'required', resourceMetadata, scopes: ['a', 'b'] })).toBe(
      `Bearer scope="a b", resource_metadata="${resourceMetadata}", DPoP algs="ES256 EdDSA Ed25519"`,
    )
  })

  test('repeats the error for both schemes', () => {
    const error = new TokenError('invalid_token', 'the token has expired')
    expect(formatChallenge(error, { dpop: 'preferred' })).toBe(
      'Bearer error="invalid_token", error_description="the token has expired", ' +
        'DPoP error="invalid_token", error_description="the token has expired", algs="ES256 EdDSA Ed25519"',
    )
  })

  test('names what is needed when a scope is missing, and no DPoP where it is off', () => {
    const error = new TokenError('insufficient_scope', 'missing scopes: b', { scopes: ['a', 'b'] })
    expect(formatChallenge(error, { dpop: 'off', scopes: ['a'] })).toBe(
      'Bearer error="insufficient_scope", error_description="missing scopes: b", scope="a b"',
    )
  })

  test('asks DPoP clients alone for a nonce', () => {
    const error = new TokenError('use_dpop_nonce', 'a nonce is needed')
    expect(formatChallenge(error, { dpop: 'preferred' })).toMatch(/^DPoP error="use_dpop_nonce"/)
  })

  test('escapes quotes and backslashes', () => {
    const error = new TokenError('invalid_request', 'a "b" \\c')
    expect(formatChallenge(error, { dpop: 'off' })).toContain('error_description="a \\"b\\" \\\\c"')
  })

  test('is a bare scheme when there is nothing to say', () => {
    expect(formatChallenge(new TokenError('missing_token', 'x'), { dpop: 'off' })).toBe('Bearer')
  })
})
