import { type IncomingMessage, ServerResponse } from 'node:http'

/**
 * What an answer waits for before it leaves. Resolves when all that could be read until now is on disk; undefined
 * when it is there already. Rejects when it never will be: the connection ends instead.
 */
export type AnswerGate = () => Promise<void> | undefined

/** Ends an answer that rests on nothing but what its sender has seen reach the disk. */
export function endOnDisk(response: ServerResponse, text: string): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its object
  Reflect.apply(ServerResponse.prototype.end, response, [text])
}

/**
 * Makes the class of a server's responses: nothing of an answer leaves before what it may rest on has
 * reached the disk, whoever wrote it. It holds for every answer, also those of requests that only read.
 *
 * @see the ADR on storage
 */
export function createHeldResponse(durable: AnswerGate): typeof ServerResponse {
  return class HeldResponse<
    Request extends IncomingMessage = IncomingMessage,
  > extends ServerResponse<Request> {
    /** Settles when what was sent last has left; later parts must not overtake it. */
    #last: Promise<void> | undefined

    override write(...args: unknown[]): true {
      this.#send(() => void super.write(...(args as Parameters<ServerResponse['write']>)))
      return true
    }

    override end(...args: unknown[]): this {
      if (this.writableEnded) return this
      this.#send(() => void super.end(...(args as Parameters<ServerResponse['end']>)))
      // Also while it is held: whoever asks must not answer a second time.
      Object.defineProperty(this, 'writableEnded', { value: true })
      return this
    }

    override flushHeaders(): void {
      this.#send(() => super.flushHeaders())
    }

    #send(part: () => void): void {
      const pending = durable()
      if (pending === undefined && this.#last === undefined) return part()
      // What is set from now on comes too late, as it would if nothing were held.
      if (!this.headersSent) this.writeHead(this.statusCode)
      this.#last = Promise.all([this.#last, pending])
        .then(part)
        .catch(() => void this.destroy())
      return undefined
    }
  }
}
