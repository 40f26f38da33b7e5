import { readConfig } from './config.ts'
import { startQuickstart } from './start.ts'

try {
  const quickstart = await startQuickstart(readConfig(process.argv.slice(2), process.env))
  console.log(JSON.stringify({ event: 'ready', url: quickstart.url }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void quickstart.close())
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 78
}
