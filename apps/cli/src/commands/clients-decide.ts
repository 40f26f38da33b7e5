import { Command } from 'commander'
import { openClient } from './open-client.ts'
import { showEntry } from './show.ts'

const words = {
  approve: {
    decision: 'approved',
    description: 'let the documents of a host describe clients',
  },
  deny: {
    decision: 'denied',
    description: 'turn away the clients of a host, and revoke what they were granted',
  },
} as const

/** `holdfast clients approve` and `holdfast clients deny` */
export function decideCommand(verb: keyof typeof words): Command {
  const { decision, description } = words[verb]
  return new Command(verb)
    .argument('<host>', 'host of the client id, with its port unless that is 443; or the client id')
    .description(description)
    .addHelpText(
      'after',
      `\nExamples:\n  $ holdfast clients list --hosts\n  $ holdfast clients ${verb} apps.example.com`,
    )
    .action(async (given: string, _options, command: Command) => {
      const host = URL.parse(given)?.host || given.toLowerCase()
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.decideHost(host, decision))
    })
}
