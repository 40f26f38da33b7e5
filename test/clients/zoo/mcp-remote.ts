import type { ZooClient } from '../columns.ts'
import { installed } from '../lab/command.ts'
import { callbackPort } from '../lab/ports.ts'
import { callOverStdio } from '../lab/stdio.ts'

const program = installed('mcp-remote/dist/proxy.js')

/** The proxy by which clients without OAuth reach remote servers. */
export const client: ZooClient = {
  name: 'mcp-remote 0.15.1',
  introductions: ['CIMD', 'DCR'],
  canProve: false,
  known: {},
  call: async ({ server, tool, introduction, home }, around) =>
    callOverStdio(
      tool,
      [
        ...[program, server, String(await callbackPort(home)), '--allow-http'],
        ...(introduction === 'CIMD' ? ['--client-metadata-url', around.documentUrl] : []),
      ],
      around.environment(home),
    ),
}
