/** The part of an `AbortSignal` that is needed to stop work; an `AbortSignal` fits as it is. */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(event: 'abort', listener: () => void, options?: { readonly once: boolean }): void
  removeEventListener(event: 'abort', listener: () => void): void
}

/**
 * A signal with its own trigger. An `AbortController` does the same, but is made of an event target
 * and costs as much as a whole frame of the channel; every dispatch needs several.
 */
export class Cancellation implements CancelSignal {
  #listeners: (() => void)[] = []
  #aborted = false

  get aborted(): boolean {
    return this.#aborted
  }

  /** Calls the listener when {@link abort} is called first; not if it was before, as of an `AbortSignal`. */
  addEventListener(_event: 'abort', listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener)
  }

  removeEventListener(_event: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener)
    if (index !== -1) this.#listeners.splice(index, 1)
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
