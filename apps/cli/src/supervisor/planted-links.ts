import { constants, lstatSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { CliError } from '../errors.ts'

// The supervisor may be root in a folder that others could write to before, or, as the control plane
// in its part of it, still can. A link that one of them planted must never lead it to another file.

const isLink = (file: string): boolean =>
  lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true

/** @throws CliError when a link stands where a file of ours belongs */
export function refuseLink(file: string): void {
  if (isLink(file)) throw isALink(file)
}

/** Removes a link, and nothing else, from a place where a file of ours belongs. */
export function removeLink(file: string): void {
  if (isLink(file)) rmSync(file, { force: true })
}

/** Opens a file like `openSync`, but never through a link. @throws CliError for a link */
export function openOwn(file: string, flags: number, mode?: number): number {
  try {
    return openSync(file, flags | constants.O_NOFOLLOW, mode)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? isALink(file) : error
  }
}

/** Writes a draft under a name that others could guess, in place of whatever stands there. */
export function writeDraft(file: string, text: string, mode: number): void {
  rmSync(file, { force: true })
  writeFileSync(file, text, { flag: 'wx', mode })
}

const isALink = (file: string): CliError =>
  new CliError(`${file} is a symbolic link`, {
    why: 'it could lead Holdfast to a file that is none of its own',
    fix: 'find out who put it there, then move the file itself to this place',
  })
