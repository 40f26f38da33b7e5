import type { ZooClient } from '../columns.ts'
import { installed, runProgram } from '../lab/command.ts'
import { callbackPort } from '../lab/ports.ts'

const program = installed('@modelcontextprotocol/inspector/clients/launcher/build/index.js')

/** The official Inspector, from its command line. */
export const client: ZooClient = {
  name: 'Inspector CLI 2.12.0',
  introductions: ['CIMD', 'DCR'],
  canProve: false,
  known: {
    'step-up': {
      outcome: 'n.a.',
      reason: 'asks for all scopes of the metadata at once, not for those of the challenge',
    },
  },
  call: async ({ server, tool, introduction, home }, around) => {
    const callback = `http://127.0.0.1:${await callbackPort(home)}/oauth/callback`
    return runProgram(
      program,
      [
        ...['--cli', server, '--transport', 'http', '--method', 'tools/call', '--tool-name', tool],
        ...['--callback-url', callback, '--format', 'json'],
        ...(introduction === 'CIMD' ? ['--client-metadata-url', around.documentUrl] : []),
      ],
      {
        ...around.environment(home),
        MCP_INSPECTOR_SECRET_STORE: 'file',
        MCP_AUTO_OPEN_ENABLED: 'true',
      },
    )
  },
}
