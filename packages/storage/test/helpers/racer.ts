import { openStorage } from '../../src/index.ts'
import { redeem, useOnce, winners } from '../../src/conformance.ts'

// A second process on the same file: opens it, says so, and races when told to. argv: file, model, id.
const [file, model, id] = process.argv.slice(2) as [string, string, string]
const storage = openStorage({
  file,
  encryptionKey: new Uint8Array(32).fill(7),
  refreshGraceSeconds: 0,
  sweepIntervalMs: 0,
})
const adapter = storage.oidcAdapter(model)
process.once('message', () => {
  const attempt = model === 'ReplayDetection' ? useOnce : redeem
  void winners(() => attempt(adapter, id)).then(async (won) => {
    process.send?.(won)
    await storage.close()
    process.disconnect?.()
  })
})
process.send?.('ready')
