import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { fstatSync, readSync, write } from 'node:fs'
import { promisify } from 'node:util'

const magic = Buffer.from('HFK1')
const nonceBytes = 12
const tagBytes = 16
/** `magic | u64 sequence | u32 ciphertext length`: the additional authenticated data. */
const prefixBytes = 16
const headerBytes = prefixBytes + nonceBytes
const slotBytes = 262_144

/** Largest content, in bytes. */
export const maxJournalContent: number = slotBytes - headerBytes - tagBytes

/** The state file holds something, but nothing that this root key opens. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
}

const writeFd = promisify(write)

interface Slot {
  readonly sequence: bigint
  readonly content: Buffer
}

/**
 * The newest of two encrypted copies in one file. A write replaces the older copy and is durable when
 * its promise resolves; whenever the process or the machine dies, one whole copy is left.
 */
export class Journal {
  readonly #fd: number
  readonly #key: Uint8Array
  #sequence: bigint
  #last: Promise<void> = Promise.resolve()

  private constructor(fd: number, key: Uint8Array, sequence: bigint) {
    this.#fd = fd
    this.#key = key
    this.#sequence = sequence
  }

  /**
   * Opens a state file. `content` is absent in a file that never held a whole copy.
   *
   * @param fd - a file opened for reading and writing with `O_DSYNC`: Node's permission model refuses
   *   `fsync`, so every write must be durable by itself
   * @param key - 32 bytes, kept for later writes
   * @throws JournalError when the file holds copies and none opens: another root key wrote it, or it
   *   was changed
   */
  static open(fd: number, key: Uint8Array): { journal: Journal; content: Buffer | undefined } {
    const file = Buffer.alloc(Math.min(fstatSync(fd).size, 2 * slotBytes))
    for (let offset = 0; offset < file.length;) {
      const count = readSync(fd, file, offset, file.length - offset, offset)
      if (count === 0) break
      offset += count
    }
    const halves = [file.subarray(0, slotBytes), file.subarray(slotBytes)]
    const [newest] = halves
      .map((bytes) => openSlot(bytes, key))
      .filter((slot) => slot !== undefined)
      .toSorted((a, b) => (a.sequence < b.sequence ? 1 : -1))
    if (!newest && halves.some((bytes) => bytes.subarray(0, 4).equals(magic))) {
      throw new JournalError(
        'the state file does not open with this root key; restore both from the same backup',
      )
    }
    return { journal: new Journal(fd, key, newest?.sequence ?? 0n), content: newest?.content }
  }

  /** Writes the next copy. Writes that overlap are done one after the other. */
  write(content: Uint8Array): Promise<void> {
    if (content.length > maxJournalContent) throw new RangeError('the state is too large')
    this.#sequence++
    const slot = sealSlot(this.#sequence, content, this.#key)
    const position = this.#sequence % 2n === 1n ? 0 : slotBytes
    const isFirst = this.#sequence === 1n
    const step = this.#last.then(() => this.#writeSlot(slot, position, isFirst))
    this.#last = step.catch(() => undefined)
    return step
  }

  async #writeSlot(slot: Buffer, position: number, isFirst: boolean): Promise<void> {
    if (isFirst) {
      // With no other copy to fall back to, the magic is written last: a first write that was cut
      // short leaves a file that counts as new.
      await writeAll(this.#fd, slot, magic.length, position)
      await writeAll(this.#fd, slot.subarray(0, magic.length), 0, position)
    } else {
      await writeAll(this.#fd, slot, 0, position)
    }
  }
}

async function writeAll(fd: number, bytes: Buffer, from: number, position: number): Promise<void> {
  let offset = from
  while (offset < bytes.length) {
    const { bytesWritten } = await writeFd(
      fd,
      bytes,
      offset,
      bytes.length - offset,
      position + offset,
    )
    offset += bytesWritten
  }
}

function sealSlot(sequence: bigint, content: Uint8Array, key: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeBigUInt64BE(sequence, 4)
  header.writeUInt32BE(content.length, 12)
  const nonce = randomBytes(nonceBytes)
  nonce.copy(header, prefixBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(header.subarray(0, prefixBytes))
  return Buffer.concat([header, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

function openSlot(bytes: Buffer, key: Uint8Array): Slot | undefined {
  if (bytes.length < headerBytes + tagBytes || !bytes.subarray(0, 4).equals(magic)) return undefined
  const end = headerBytes + bytes.readUInt32BE(12)
  if (end + tagBytes > bytes.length) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(prefixBytes, headerBytes))
  decipher.setAAD(bytes.subarray(0, prefixBytes))
  decipher.setAuthTag(bytes.subarray(end, end + tagBytes))
  const content = decipher.update(bytes.subarray(headerBytes, end))
  try {
    decipher.final()
  } catch {
    content.fill(0)
    return undefined
  }
  return { sequence: bytes.readBigUInt64BE(4), content }
}
