import { spawn } from 'node:child_process'

/** Opens a URL in the user's browser, if there is one; nobody depends on it. */
export function openBrowser(url: string): void {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(command, [url], { stdio: 'ignore', detached: true })
  child.once('error', () => undefined)
  child.unref()
}
