import { join } from 'node:path'
import type { ZooClient } from '../columns.ts'
import { callOverStdio } from '../lab/stdio.ts'

const program = join(import.meta.dirname, '../../../apps/cli/src/main.ts')

/** Our own `holdfast bridge`, as a client without OAuth starts it. */
export const client: ZooClient = {
  name: 'holdfast bridge',
  introductions: ['CIMD', 'DCR'],
  canProve: true,
  known: {},
  call: ({ server, tool, introduction, home }, around) =>
    callOverStdio(
      tool,
      [
        ...['--conditions=@holdfast/source', '--no-warnings', program, 'bridge', server],
        ...(introduction === 'CIMD' ? ['--client-metadata-url', around.documentUrl] : []),
      ],
      around.environment(home),
    ),
}
