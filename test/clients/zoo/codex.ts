import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ZooClient } from '../columns.ts'
import { installed, runProgram } from '../lab/command.ts'
import { startScriptedModel } from '../lab/scripted-model.ts'

const program = installed('..', 'extra', 'node_modules', '@openai/codex/bin/codex.js')

const configOf = (server: string): string => `mcp_oauth_credentials_store = "file"
[mcp_servers.notes]
url = ${JSON.stringify(server)}
`

/** OpenAI's agent; its model is scripted, everything that it does with the server is its own. */
export const client: ZooClient = {
  name: 'Codex 0.169.0',
  introductions: ['CIMD', 'DCR'],
  documentUrl: 'https://chatgpt.com/oauth/codex/client.json',
  canProve: false,
  known: {
    'step-up': {
      outcome: 'fail',
      reason:
        'answers a challenge for more with "Authentication required"; the person signs in again',
    },
  },
  call: async ({ server, tool, introduction, home }, around) => {
    const env = around.environment(home)
    const config = join(home, '.codex', 'config.toml')
    if (!existsSync(config)) {
      await mkdir(join(home, '.codex'))
      await writeFile(config, configOf(server))
      const registration = ['--oauth-client-registration', introduction.toLowerCase()]
      await runProgram(program, ['mcp', 'login', 'notes', ...registration], env)
    }
    await using model = await startScriptedModel(tool)
    const provider = `{name="scripted",base_url="${model.url}/v1",wire_api="responses"}`
    return await runProgram(
      program,
      [
        ...['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
        ...['-c', 'model="scripted"', '-c', 'model_provider="scripted"'],
        ...['-c', `model_providers.scripted=${provider}`, 'Go on.'],
      ],
      env,
    )
  },
}
