import { randomUUID } from 'node:crypto'
import { type IsolationReport, isolationRank, weakerLevel } from '@holdfast/protocol/enclave'
import { AuditHeadSigner } from './audit-head.ts'
import { type EnclaveConfig, StartRefusedError } from './config.ts'
import { DpopPins } from './dpop-pins.ts'
import { JournalError } from './journal.ts'
import { identityOf } from './key-set.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { describeError, emitEvent, log } from './log.ts'
import { sealedBoxReady } from './open.ts'
import { createOperations } from './operations.ts'
import { type DeliveredKey, type OutsideVerdict, receiveRootKey } from './root-key.ts'
import { runSelfTest, sealProcess } from './sandbox/index.ts'
import { ChannelListener } from './server.ts'
import { RecentTokens } from './tokens/recent-tokens.ts'
import { Upstream } from './upstream.ts'
import { VERSION } from './version.ts'

/** Files that the supervisor opened for this process. */
const keyFd = 3
const stateFd = 4

const maintenanceEveryMs = 3_600_000

/** A running enclave. */
export interface RunningEnclave {
  /** Ends connections, makes the audit head durable. */
  stop(): Promise<void>
}

/**
 * Starts the enclave in the only order that protects its keys: load, listen, seal, attack itself,
 * report, and only then take the root key.
 *
 * @throws StartRefusedError when the isolation is below the floor, no key is given, or the state file
 *   belongs to another root key
 */
export async function startEnclave(config: EnclaveConfig): Promise<RunningEnclave> {
  const startedAt = new Date().toISOString()
  const upstream = new Upstream(config)
  await sealedBoxReady
  const listener = await ChannelListener.listen(config.socket)
  const seal = sealProcess()
  const inside = await runSelfTest(seal, config.attackTargets, config.relaySocket)
  emitEvent('selftest', { report: inside })
  requireFloor(inside, config)
  const { verdict, rootKey } = await takeRootKey()
  const isolation = withVerdict(inside, verdict)
  requireFloor(isolation, config)
  const keyring = await unlock(rootKey)
  const auditHeads = new AuditHeadSigner(keyring, () =>
    log('error', 'the latest audit head could not be written to the state file'),
  )
  const maintenance = setInterval(() => maintain(keyring), maintenanceEveryMs).unref()
  listener.serve(
    createOperations({
      keyring,
      upstream,
      auditHeads,
      dpopPins: new DpopPins(),
      recentTokens: new RecentTokens(),
      maxBodyBytes: config.maxBodyBytes,
      about: { version: VERSION, boot_id: randomUUID(), started_at: startedAt, isolation },
    }),
  )
  emitEvent('ready', {
    process: 'enclave',
    version: VERSION,
    socket: config.socket,
    level: isolation.level,
    keys: await keyIds(keyring),
  })
  return {
    async stop() {
      clearInterval(maintenance)
      listener.close()
      await auditHeads.flush()
      await upstream.close()
    },
  }
}

function requireFloor({ level }: IsolationReport, { floor }: EnclaveConfig): void {
  if (isolationRank(level) >= isolationRank(floor)) return
  throw new StartRefusedError(`the isolation reached is ${level}, the configured floor is ${floor}`)
}

async function takeRootKey(): Promise<DeliveredKey> {
  const delivered = await receiveRootKey(keyFd)
  if (delivered) return delivered
  throw new StartRefusedError('the supervisor refused the root key after its outside probe')
}

/** The report that clients see: the weaker of what was found inside and outside. */
function withVerdict(inside: IsolationReport, { level, outside }: OutsideVerdict): IsolationReport {
  return {
    ...inside,
    level: weakerLevel(inside.level, level),
    attacks: [...inside.attacks, ...outside],
  }
}

async function unlock(rootKey: Buffer): Promise<Keyring> {
  try {
    const keyring = await openKeyring({ stateFd, rootKey })
    // Made before the first client asks: it takes about a second, once.
    await keyring.encryptionKeys()
    return keyring
  } catch (error) {
    if (error instanceof JournalError) throw new StartRefusedError(error.message)
    throw error
  } finally {
    rootKey.fill(0)
  }
}

function maintain(keyring: Keyring): void {
  keyring.maintain().catch((error: unknown) => {
    log('error', 'the sealing key could not be renewed', describeError(error))
  })
}

async function keyIds(keyring: Keyring): Promise<Record<string, unknown>> {
  return {
    identity: identityOf(keyring),
    sealing: keyring.publishedSealingKeys.map(({ kid }) => kid),
    encryption: (await keyring.encryptionKeys()).map(({ kid }) => kid),
    storageKeyVersion: keyring.currentStorageKey.version,
  }
}
