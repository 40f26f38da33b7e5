import { refuseSecretArguments } from './argv-guard.ts'
import { reportFailure } from './failure.ts'
import { buildProgram } from './program.ts'

// A reader such as `head` that goes away early is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
})

const json = process.argv.includes('--json')
// The stdout of a bridge belongs to the protocol.
const output = process.argv.includes('bridge') ? process.stderr : process.stdout
if (process.argv.includes('--no-color')) process.env['NO_COLOR'] = '1'

try {
  const args = process.argv.slice(2)
  refuseSecretArguments(args)
  await (await buildProgram(args)).parseAsync(args, { from: 'user' })
} catch (error) {
  process.exitCode = reportFailure(error, json, output)
}
