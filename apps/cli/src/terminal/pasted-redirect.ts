import { createInterface } from 'node:readline'
import { readPastedRedirect } from '@holdfast/client/node'
import { note } from '../output.ts'

/**
 * The redirect that a person pastes from a browser elsewhere. Never settles when the input ends
 * without one: the browser may still arrive by itself.
 */
export function pastedRedirect(redirectUri: string, signal: AbortSignal): Promise<URL> {
  if (process.stdin.isTTY) {
    note('If that browser cannot open the page it ends on, paste its address here:')
  }
  // An open pipe must not keep the command alive; the loopback listener does while it waits. A file
  // as stdin has nothing to let go of.
  if ('unref' in process.stdin) process.stdin.unref()
  // A terminal without echo would need raw mode; the code is of use once, and only with our key.
  const lines = createInterface({ input: process.stdin, terminal: false, signal })
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      if (line.trim() === '') return
      try {
        resolve(readPastedRedirect(line, redirectUri))
        lines.close()
      } catch (error) {
        note(error instanceof Error ? `${error.message}; ${(error as { fix?: string }).fix}` : '')
      }
    })
  })
}
