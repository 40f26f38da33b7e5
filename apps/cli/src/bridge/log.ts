import { asCalledHere } from '../output.ts'

/** What the bridge says beside the protocol: on stderr only, as text or as JSON lines. Never a secret. */
export interface BridgeLog {
  readonly info: (event: string, message: string) => void
  readonly warn: (event: string, message: string, fix?: string) => void
}

/** A log on stderr. stdout belongs to the protocol. */
export function bridgeLog(json: boolean): BridgeLog {
  const write = (level: string, event: string, message: string, help?: string): void => {
    const fix = help && asCalledHere(help)
    const line = json
      ? JSON.stringify({ level, event, message, ...(fix !== undefined && { fix }) })
      : `holdfast bridge: ${message}${fix === undefined ? '' : ` (fix: ${fix})`}`
    process.stderr.write(`${line}\n`)
  }
  return {
    info: (event, message) => write('info', event, message),
    warn: (event, message, fix) => write('warn', event, message, fix),
  }
}
