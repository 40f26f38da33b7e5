import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

/** An append-only log that is renamed to `<file>.1` when it grows over a size. */
export class LogFile {
  readonly #file: string
  readonly #maxBytes: number
  #fd: number
  #size: number

  constructor(file: string, maxBytes: number) {
    this.#file = file
    this.#maxBytes = maxBytes
    this.#fd = open(file)
    this.#size = fstatSync(this.#fd).size
  }

  /** Appends lines; each must end with a line break. */
  write(text: string): void {
    if (text === '') return
    const bytes = Buffer.byteLength(text)
    if (this.#size > 0 && this.#size + bytes > this.#maxBytes) this.#rotate()
    writeSync(this.#fd, text)
    this.#size += bytes
  }

  close(): void {
    closeSync(this.#fd)
  }

  #rotate(): void {
    closeSync(this.#fd)
    renameSync(this.#file, `${this.#file}.1`)
    this.#fd = open(this.#file)
    this.#size = 0
  }
}

const open = (file: string): number =>
  openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
