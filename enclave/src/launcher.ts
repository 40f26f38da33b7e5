import { launch } from './sandbox/launch.ts'
import { parseLaunchSpec } from './sandbox/launch-spec.ts'

/** Exit status for a launch that can never work as asked; a supervisor does not try again. */
const refused = 78

// Nothing that node has to say about its own features may mix with the worker's output.
process.removeAllListeners('warning')

try {
  await launch(parseLaunchSpec(process.argv[2]))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'launch failed'}\n`)
  process.exitCode = refused
}
