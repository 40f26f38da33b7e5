import type { ConnectionView } from '@holdfast/client'
import { describe, expect, it } from 'vitest'
import { usedBy } from '../src/commands/used-by.ts'

const issuer = 'http://localhost:4444'

const connection = (resources: string[], more: Partial<ConnectionView> = {}): ConnectionView => ({
  handle: 'ddls:conn:01ABC-github',
  provider: 'github',
  status: 'active',
  base_url: 'https://api.github.com',
  policy: { methods: ['GET'], paths: ['/**'], resources },
  ...more,
})

describe('who may use a connection', () => {
  it('is named as --resources takes it, without schemes', () => {
    const resources = [`${issuer}/dispatch`, 'https://mcp.example/mcp']
    expect(usedBy(connection(resources), issuer)).toBe('direct, mcp.example/mcp')
    expect(usedBy(connection(['*']), issuer)).toBe('*')
  })

  it('is counted where the names would make the table wide', () => {
    const servers = [1, 2, 3, 4].map((n) => `https://server-${n}.example/mcp`)
    expect(usedBy(connection(servers), issuer)).toBe('server-1.example/mcp +3')
    expect(usedBy(connection([`${issuer}/dispatch`, ...servers]), issuer)).toBe(
      'direct, server-1.example/mcp +3',
    )
  })

  it('is nobody where the policy allows nothing, and of a revoked one', () => {
    expect(usedBy(connection([]), issuer)).toBe('nobody')
    const { policy: whole } = connection(['*'])
    const policy = { ...whole, paths: [] }
    expect(usedBy(connection(['*'], { policy }), issuer)).toBe('nobody')
    expect(usedBy(connection(['*'], { status: 'revoked' }), issuer)).toBe('nobody')
  })
})
