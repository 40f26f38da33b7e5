// A control plane that renews a token and is stopped between the provider's answer and its commit.
// argv: data folder, enclave socket, handle.
import { join } from 'node:path'
import { openStorage } from '@holdfast/storage'
import { pino } from 'pino'
import { createTokenRefresher } from '../../src/connections/refresh.ts'
import { loadControlKey } from '../../src/control-key.ts'
import { createEnclaveClient } from '../../src/enclave-client/client.ts'

const [dataDir = '', socket = '', handle = ''] = process.argv.slice(2)
const storage = openStorage({
  file: join(dataDir, 'holdfast.db'),
  encryptionKey: loadControlKey(dataDir),
})
const enclave = createEnclaveClient({ socket, logger: pino({ level: 'silent' }) })
const connections = {
  ...storage.connections,
  storeTokens: () => {
    process.send?.('answered')
    return new Promise<never>(() => undefined)
  },
}
const refresher = createTokenRefresher({
  storage: { ...storage, connections },
  enclave,
  clock: Date.now,
  leaseMs: 2000,
})
const connection = await storage.connections.find(handle)
if (!connection) throw new Error('there is no such connection')
await refresher.ensureFresh(connection)
