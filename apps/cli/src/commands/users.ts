import { Command } from 'commander'
import { note } from '../output.ts'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

/** `holdfast users` */
export function usersCommand(): Command {
  const users = new Command('users')
  users
    .command('add')
    .argument('[email]', 'e-mail address; without it the link is for anybody who has it')
    .option('--admin', 'as an administrator')
    .description('invite a person; prints a one-time link')
    .addHelpText('after', '\nExample:\n  $ holdfast users add grace@example.com')
    .action(async (email: string | undefined, options: { admin?: boolean }, command: Command) => {
      const { client } = await openClient(command)
      const role = options.admin ? 'admin' : 'member'
      showEntry(command, await client.users.create({ role, ...(email !== undefined && { email }) }))
      if (!wantsJson(command)) note('Send the link over a channel that only this person reads.')
    })
  users
    .command('list')
    .alias('ls')
    .description('list the users')
    .addHelpText('after', '\nExample:\n  $ holdfast users list')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['id', 'email', 'role', 'status', 'created_at']
      return showList(command, await client.users.list(), columns, 'No users.')
    })
  addYesOption(users.command('revoke'))
    .argument('<id>', 'user id')
    .description(
      'disable a user; their tokens stop working at once and their connections are revoked for good',
    )
    .addHelpText('after', '\nExample:\n  $ holdfast users revoke usr_01J…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(
        command,
        'Disable this user? Their tokens stop at once, and their connections are revoked for good.',
      )
      showEntry(command, await client.users.revoke(id))
    })
  return users
}
