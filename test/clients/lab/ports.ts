import { freePort } from '../../helpers/ports.ts'

const ports = new Map<string, Promise<number>>()

/** The port on which the client of a folder waits for the browser: always the same. */
export function callbackPort(home: string): Promise<number> {
  const port = ports.get(home) ?? freePort()
  ports.set(home, port)
  return port
}
