import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ZooClient } from '../columns.ts'
import { installed, runInTerminal, runProgram } from '../lab/command.ts'
import { startScriptedModel } from '../lab/scripted-model.ts'

const program = installed(
  '..',
  'extra',
  'node_modules',
  '@anthropic-ai/claude-code/cli-wrapper.cjs',
)

const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
}

/** Anthropic's agent; its model is scripted, everything that it does with the server is its own. */
export const client: ZooClient = {
  name: 'Claude Code 2.1.330',
  introductions: ['CIMD'],
  documentUrl: 'https://claude.ai/oauth/claude-code-client-metadata',
  canProve: false,
  known: {
    DCR: { outcome: 'n.a.', reason: 'uses its document where the server takes documents' },
    'step-up': {
      outcome: 'n.a.',
      reason: 'asks for all scopes of the metadata at once, not for those of the challenge',
    },
  },
  call: async ({ server, tool, home }, around) => {
    const env = { ...around.environment(home), ...quiet }
    if (!existsSync(join(home, '.claude.json'))) {
      await runProgram(program, ['mcp', 'add', '--transport', 'http', 'notes', server], env)
      await runInTerminal(program, ['mcp', 'login', 'notes'], env)
    }
    await using model = await startScriptedModel(tool)
    return await runProgram(program, ['-p', 'Go on.', '--allowedTools', `mcp__notes__${tool}`], {
      ...env,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'nobody',
      // Otherwise tools of servers are not told to the model before it searches for them.
      ENABLE_TOOL_SEARCH: 'false',
    })
  },
}
