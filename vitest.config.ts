import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

/** Every workspace with a `test/` folder; `test` itself holds what crosses packages. */
const unitProjects = [
  'apps/authorization-server',
  'apps/cli',
  'apps/egress-relay',
  'enclave',
  'packages/client',
  'packages/egress-guard',
  'packages/protocol',
  'packages/providers',
  'packages/resource-server',
  'packages/storage',
  'packages/testing',
]

const conditions = ['@holdfast/source', ...defaultServerConditions]

const project = (root: string, include: string[]) => ({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: root,
    include,
    pool: 'forks' as const,
    execArgv: ['--conditions=@holdfast/source', '--no-warnings'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      ...unitProjects.map((root) => project(root, ['test/**/*.test.ts'])),
      project('examples', ['**/*.test.ts']),
      project('test', ['**/*.test.ts']),
    ],
  },
})
