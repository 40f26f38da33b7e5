import { launch, launchRefused } from './sandbox/launch.ts'
import { parseLaunchSpec } from './sandbox/launch-spec.ts'

// Nothing that node has to say about its own features may mix with the worker's output.
process.removeAllListeners('warning')

try {
  await launch(parseLaunchSpec(process.argv[2]))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'launch failed'}\n`)
  process.exitCode = launchRefused
}
