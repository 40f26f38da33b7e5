/**
 * `npm run demo`: the whole main job with real processes, then attempts to steal the credential.
 * Exits with 0 only if every step held.
 */
import { performance } from 'node:perf_hooks'
import { doMainJob } from '@holdfast/test/main-job'
import { attacks } from './attacks.ts'
import { createNarrator } from './narrator.ts'

const started = performance.now()
const tell = createNarrator()

tell.intro([
  'Ada has the key of an API. Her agent is to use that API through an MCP server, but neither the agent nor',
  'the MCP server nor the database of Holdfast may ever see the key. All of this runs for real, in a temporary',
  'folder of this machine. Every step says what happens, and what each party gets to see.',
])
tell.chapter('The main job')
const job = await doMainJob(tell.hop)
try {
  tell.chapter('Now try to steal it')
  for (const { name, run } of attacks) tell.attack(name, await run(job))
} finally {
  await job.close()
}

const seconds = ((performance.now() - started) / 1000).toFixed(0)
if (tell.failures.length > 0) {
  tell.chapter(`${tell.failures.length} of ${attacks.length} attacks got through, in ${seconds} s.`)
  process.exitCode = 1
} else {
  tell.chapter(
    `Every step held: the API was used by handle, and ${attacks.length} attacks got nothing. It took ${seconds} s.`,
  )
}
