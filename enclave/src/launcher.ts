import { launch } from './sandbox/launch.ts'
import { parseLaunchSpec } from './sandbox/launch-spec.ts'
import { launchRefused } from './sandbox/replace-process.ts'

// Nothing that node has to say about its own features may mix with the worker's output.
process.removeAllListeners('warning')

try {
  await launch(parseLaunchSpec(process.argv[2]), process.argv.slice(3))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'launch failed'}\n`)
  process.exitCode = launchRefused
}
