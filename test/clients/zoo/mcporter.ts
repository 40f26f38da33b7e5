import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ZooClient } from '../columns.ts'
import { installed, runProgram } from '../lab/command.ts'
import { callbackPort } from '../lab/ports.ts'

const program = installed('mcporter/dist/cli.js')

/** A command line for any MCP server. */
export const client: ZooClient = {
  name: 'mcporter 0.12.3',
  introductions: ['DCR'],
  canProve: false,
  known: {
    CIMD: { outcome: 'n.a.', reason: 'has no metadata document' },
    'step-up': {
      outcome: 'fail',
      reason: 'embeds SDK v1 (typescript-sdk#2255) and tells the person to sign in again',
    },
  },
  call: async ({ server, tool, home }, around) => {
    const config = join(home, 'mcporter.json')
    const notes = {
      url: server,
      auth: 'oauth',
      oauthRedirectUrl: `http://127.0.0.1:${await callbackPort(home)}/callback`,
    }
    await writeFile(config, JSON.stringify({ mcpServers: { notes } }))
    return runProgram(program, ['--config', config, 'call', `notes.${tool}`], {
      ...around.environment(home),
      MCPORTER_DISABLE_KEEPALIVE: '*',
    })
  },
}
