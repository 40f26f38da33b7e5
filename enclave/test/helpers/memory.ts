import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/**
 * Counts how often bytes stand in the writable memory of a process. Works on Linux for a process of
 * the same user that did not seal itself.
 */
export function copiesInMemory(pid: number, needle: Buffer): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  let copies = 0
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (from !== '') copies += countIn(memory, parseInt(from, 16), parseInt(to, 16), needle)
    }
  } finally {
    closeSync(memory)
  }
  return copies
}

function countIn(memory: number, from: number, to: number, needle: Buffer): number {
  const chunk = Buffer.alloc(4_194_304)
  let copies = 0
  for (let at = from; at < to; at += chunk.length - needle.length + 1) {
    let length
    try {
      length = readSync(memory, chunk, 0, Math.min(chunk.length, to - at), at)
    } catch {
      // Guard pages and device memory cannot be read.
      return copies
    }
    for (let hit = chunk.indexOf(needle); hit !== -1 && hit + needle.length <= length;) {
      copies++
      hit = chunk.indexOf(needle, hit + 1)
    }
  }
  return copies
}
