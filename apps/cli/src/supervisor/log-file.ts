import { closeSync, constants, fstatSync, renameSync, writeSync } from 'node:fs'
import { openOwn, removeLink } from './planted-links.ts'

/** An append-only log that is renamed to `<file>.1` when it grows over a size. */
export class LogFile {
  readonly #file: string
  readonly #maxBytes: number
  #fd: number | undefined
  #size: number

  constructor(file: string, maxBytes: number) {
    this.#file = file
    this.#maxBytes = maxBytes
    this.#fd = open(file)
    this.#size = fstatSync(this.#fd).size
  }

  /** Appends lines; each must end with a line break. A full disk loses lines, it stops nobody. */
  write(text: string): void {
    if (text === '' || this.#fd === undefined) return
    const bytes = Buffer.byteLength(text)
    try {
      if (this.#size > 0 && this.#size + bytes > this.#maxBytes) this.#rotate(this.#fd)
      writeSync(this.#fd, text)
      this.#size += bytes
    } catch {
      // Nowhere to tell it: the log is what fails.
    }
  }

  /** What is written afterwards is dropped: a child may still say something while it ends. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #rotate(fd: number): void {
    renameSync(this.#file, `${this.#file}.1`)
    this.#fd = open(this.#file)
    this.#size = 0
    closeSync(fd)
  }
}

const open = (file: string): number => {
  removeLink(file)
  return openOwn(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
}
