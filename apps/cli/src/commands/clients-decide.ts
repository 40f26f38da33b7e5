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

const hostArgument = [
  '<host>',
  'host of the client id, with its port unless that is 443; or the client id',
] as const

const hostOf = (given: string): string => URL.parse(given)?.host || given.toLowerCase()

/** `holdfast clients approve` and `holdfast clients deny` */
export function decideCommand(verb: keyof typeof words): Command {
  const { decision, description } = words[verb]
  return new Command(verb)
    .argument(...hostArgument)
    .description(description)
    .addHelpText(
      'after',
      `\nExamples:\n  $ holdfast clients list --hosts\n  $ holdfast clients ${verb} apps.example.com`,
    )
    .action(async (given: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.decideHost(hostOf(given), decision))
    })
}

/** `holdfast clients forget` */
export function forgetHostCommand(): Command {
  return new Command('forget')
    .argument(...hostArgument)
    .description('forget what was decided about a host, or that it waits')
    .addHelpText(
      'after',
      '\nExamples:\n  $ holdfast clients list --hosts\n  $ holdfast clients forget apps.example.com',
    )
    .action(async (given: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.forgetHost(hostOf(given)))
    })
}
