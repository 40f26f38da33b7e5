import type { CancelSignal } from '@holdfast/protocol/channel'
import type { Dispatcher } from 'undici'
import { UpstreamBody } from './upstream-body.ts'
import { requestFailure } from './upstream-errors.ts'

/** An answer whose body may still be arriving. */
export interface UpstreamResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: UpstreamBody
}

/**
 * Sends a request and resolves with the answer's head. It listens to the library's own events: the
 * streams that `request()` makes of them cost more than the rest of a small call.
 *
 * @throws EnclaveError one of the `DOWNSTREAM_*` codes, or `HOST_NOT_ALLOWED` from the relay
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: CancelSignal,
): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(options, new Exchange(resolve, reject, signal))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: CancelSignal
  readonly #giveUp = (): void => this.#abort()
  #controller: Dispatcher.DispatchController | undefined
  #body: UpstreamBody | undefined

  constructor(
    resolve: (response: UpstreamResponse) => void,
    reject: (error: unknown) => void,
    signal: CancelSignal,
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    signal.addEventListener('abort', this.#giveUp, { once: true })
    if (signal.aborted) this.#abort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up before there was a connection: it is dropped unsent.
    if (this.#signal.aborted) return controller.abort(givenUp())
    this.#controller = controller
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: UpstreamResponse['headers'],
  ): void {
    if (statusCode < 200) return
    this.#body = new UpstreamBody(controller)
    this.#resolve({ statusCode, headers, body: this.#body })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#giveUp)
    this.#body?.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener('abort', this.#giveUp)
    this.#fail(error)
  }

  #abort(): void {
    // The library heeds this only once it is connected: an upstream that never finishes its TLS
    // handshake would hold the caller beyond the deadline.
    this.#fail(givenUp())
    this.#controller?.abort(givenUp())
  }

  #fail(error: Error): void {
    if (this.#body) this.#body.fail(error)
    else this.#reject(requestFailure(error))
  }
}

const givenUp = (): Error => new Error('the call was given up')
