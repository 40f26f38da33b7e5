/** Searching for a secret in every form in which a careless program may have kept it. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** One spelling of a secret. */
export interface Needle {
  readonly form: string
  readonly bytes: Buffer
}

/** Where a spelling of the secret was found. Never holds the secret. */
export interface Finding {
  readonly where: string
  readonly form: string
}

/** A secret that stands out: random, unmistakable and made of characters that encodings change. */
export function makeCanary(): string {
  const random = crypto.getRandomValues(new Uint8Array(24))
  return `canary/${Buffer.from(random).toString('base64')}"${Date.now().toString(36)}`
}

/** Every spelling of a secret to look for: raw, UTF-16, base64 at each alignment, hex, URL, JSON. */
export function needlesOf(secret: string): readonly Needle[] {
  const raw = Buffer.from(secret)
  const needles = new Map<string, Buffer>([
    ['raw', raw],
    ['utf-16', Buffer.from(secret, 'utf16le')],
    ['hex', Buffer.from(raw.toString('hex'))],
    ['HEX', Buffer.from(raw.toString('hex').toUpperCase())],
    ['url-encoded', Buffer.from(encodeURIComponent(secret))],
    ['form-encoded', Buffer.from(new URLSearchParams({ s: secret }).toString().slice(2))],
    ['json-escaped', Buffer.from(JSON.stringify(secret).slice(1, -1))],
  ])
  for (const shift of [0, 1, 2]) {
    // Inside a longer base64 text only the characters that depend on the secret alone are stable.
    const padded = Buffer.concat([Buffer.alloc(shift), raw])
      .toString('base64')
      .replace(/=+$/, '')
    const stable = padded.slice(shift === 0 ? 0 : shift + 1, -1)
    needles.set(`base64+${shift}`, Buffer.from(stable))
    needles.set(`base64url+${shift}`, Buffer.from(stable.replaceAll('+', '-').replaceAll('/', '_')))
  }
  const seen = new Set<string>()
  return [...needles]
    .filter(
      ([, bytes]) => !seen.has(bytes.toString('latin1')) && seen.add(bytes.toString('latin1')),
    )
    .map(([form, bytes]) => ({ form, bytes }))
}

/** The forms of the secret that stand in the bytes. */
export function findInBytes(
  where: string,
  bytes: Buffer,
  needles: readonly Needle[],
): readonly Finding[] {
  return needles
    .filter(({ bytes: needle }) => bytes.includes(needle))
    .map(({ form }) => ({ where, form }))
}

/** Searches every file below a folder. */
export function findInFolder(folder: string, needles: readonly Needle[]): readonly Finding[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return findInBytes(path, readFileSync(path), needles)
    })
}

const chunkBytes = 4 * 1024 * 1024

/**
 * Searches the memory of a process, its argv and its environment.
 *
 * @throws Error `EACCES`/`EPERM` when this user may not read it
 */
export function findInProcess(
  name: string,
  pid: number,
  needles: readonly Needle[],
): readonly Finding[] {
  const found = new Map<string, Finding>()
  const note = (findings: readonly Finding[]): void => {
    for (const finding of findings) found.set(`${finding.where} ${finding.form}`, finding)
  }
  for (const file of ['cmdline', 'environ']) {
    note(findInBytes(`${name} ${file}`, readFileSync(`/proc/${pid}/${file}`), needles))
  }
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length))
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const chunk = Buffer.alloc(chunkBytes)
  try {
    for (const [start, end] of readableRegions(pid)) {
      for (let at = start; at < end; at += chunkBytes - overlap) {
        const length = readChunk(memory, chunk, Math.min(chunkBytes, end - at), at)
        if (length > 0) note(findInBytes(`${name} memory`, chunk.subarray(0, length), needles))
      }
    }
  } finally {
    closeSync(memory)
  }
  return [...found.values()]
}

function readChunk(memory: number, chunk: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, chunk, 0, length, at)
  } catch {
    // Pages such as [vvar] cannot be read by anyone.
    return 0
  }
}

function readableRegions(pid: number): readonly (readonly [start: number, end: number])[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [Number.parseInt(match[1]!, 16), Number.parseInt(match[2]!, 16)] as const)
    .filter(([start]) => Number.isSafeInteger(start))
}

/** Total bytes below a folder, to show how much was searched. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
