import { openStorage } from '@holdfast/storage'
import { adapterConformance } from '@holdfast/storage/conformance'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs the adapter's race cases and counts those that fail: no speed counts before it is 0. */
export async function countFailedRaces(): Promise<number> {
  let failed = 0
  for (const { name, run } of adapterConformance) {
    try {
      await run(openTemporary)
    } catch (error) {
      failed += 1
      console.error(`race case failed: ${name}: ${String(error)}`)
    }
  }
  return failed
}

const openTemporary: Parameters<(typeof adapterConformance)[number]['run']>[0] = async ({
  refreshGraceSeconds,
  now,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-races-'))
  const storage = openStorage({
    file: join(folder, 'holdfast.db'),
    encryptionKey: crypto.getRandomValues(new Uint8Array(32)),
    refreshGraceSeconds,
    now,
    sweepIntervalMs: 0,
  })
  return {
    adapter: (model) => storage.oidcAdapter(model),
    close: async () => {
      await storage.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
