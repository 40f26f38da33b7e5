import type { Injection, RequestPath, UpstreamOrigin } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { headerForm } from '@holdfast/protocol/credential'
import { bodyContentType, bodyFieldForms, type BodyFormat, withBodyField } from './body-fields.ts'
import { upstreamHeaders } from './caller-headers.ts'
import { parameterForm, parameterForms } from './parameter-names.ts'
import { holdSecretHeader, type SecretHeader } from './secret-header.ts'

/** Text, or a secret in a buffer of its own that only the TLS socket shows to anybody. */
export type Piece = string | Buffer

/** What a caller wants to send. */
export interface CallerRequest {
  readonly method: string
  readonly base: UpstreamOrigin
  readonly path: RequestPath
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/** A request ready to send, with placeholders for its secrets. */
export interface FinishedRequest {
  readonly target: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
  /** Forgets the secrets of the head; placeholders can no longer be sent. */
  release(): void
  /** Wipes the body, when the credential is part of it. Only once nothing reads from it any more. */
  wipeBody(): void
}

/**
 * A request while a credential is put into it. Takes over the secrets that it is given. Each place that
 * a credential fills must be free: a caller who fills it too, in any spelling that some server reads as
 * the same, is refused before anything is sent.
 */
export class OutgoingRequest {
  readonly method: string
  /** `host[:port]` as in the `host` header. */
  readonly authority: string
  readonly #caller: CallerRequest
  readonly #headers: Map<string, readonly Piece[]>
  readonly #filledHeaders: Set<string>
  readonly #pathStart: Piece[]
  #segments: Piece[] | undefined
  readonly #search: Piece[]
  #callerParameters: Set<string> | undefined
  readonly #cookies: Piece[] = []
  #body: Uint8Array | undefined
  #bodyForms: Set<string> | undefined

  /** @throws EnclaveError `INVALID_REQUEST` for a header that no caller may set */
  constructor(caller: CallerRequest) {
    this.method = caller.method
    this.authority = caller.base.authority
    this.#caller = caller
    this.#filledHeaders = new Set()
    this.#headers = upstreamHeaders(caller.headers, caller.body, this.#filledHeaders)
    this.#pathStart = [caller.base.basePath]
    this.#search = [caller.path.search]
    this.#body = caller.body
  }

  /** Path as sent. */
  get path(): readonly Piece[] {
    if (!this.#segments) return [...this.#pathStart, this.#caller.path.pathname]
    return [...this.#pathStart, ...this.#segments.flatMap((segment) => ['/', segment])]
  }

  /** Query as sent, without `?`. */
  get query(): readonly Piece[] {
    const [first, ...rest] = this.#search
    return [typeof first === 'string' ? first.slice(1) : '', ...rest]
  }

  /** Path and query as sent. */
  get target(): readonly Piece[] {
    return [...this.path, ...this.#search]
  }

  /** Headers as sent, but for `host` and those that frame the message. */
  get headers(): ReadonlyMap<string, readonly Piece[]> {
    return this.#headers
  }

  get body(): Uint8Array | undefined {
    return this.#body
  }

  /** Puts a value where an injection says. It is taken over. */
  inject(place: Injection, value: Buffer): void {
    try {
      switch (place.in) {
        case 'header':
          return this.addHeader(place.name, value)
        case 'query':
          return this.addQuery(place.name, value)
        case 'cookie':
          return this.#addCookie(place.name, value)
        case 'path':
          return this.#putPath(place, value)
        case 'body':
          return this.#addBodyField(place.format, place.name, value)
      }
    } catch (error) {
      value.fill(0)
      throw error
    }
  }

  /**
   * Adds a header of the credential.
   *
   * @throws EnclaveError `INVALID_REQUEST` when the caller sets it
   */
  addHeader(name: string, ...value: readonly Piece[]): void {
    this.refuseHeader(name)
    this.#filledHeaders.add(headerForm(name))
    // One of our defaults gives way.
    this.#headers.delete(name.toLowerCase())
    this.#headers.set(name, value)
  }

  /** @throws EnclaveError `INVALID_REQUEST` when the caller sets a header of this name */
  refuseHeader(name: string): void {
    if (!this.#filledHeaders.has(headerForm(name))) return
    throw new EnclaveError('INVALID_REQUEST', 'the credential’s own header cannot be set')
  }

  /**
   * Adds a query parameter of the credential.
   *
   * @throws EnclaveError `INVALID_REQUEST` when the caller sets it
   */
  addQuery(name: string, ...value: readonly Piece[]): void {
    this.refuseQuery(name)
    const search = this.#search.length === 1 ? this.#caller.path.search : '&'
    const start = search === '' ? '?' : search === '?' ? '' : '&'
    this.#search.push(`${start}${encodeURIComponent(name)}=`, ...value)
  }

  /** @throws EnclaveError `INVALID_REQUEST` when the caller's query has a parameter of this name */
  refuseQuery(name: string): void {
    this.#callerParameters ??= parameterForms(this.#caller.path.search)
    if (!this.#callerParameters.has(parameterForm(name))) return
    throw new EnclaveError('INVALID_REQUEST', 'the credential’s own query parameter cannot be set')
  }

  /** Says that the body is sent in one more encoding, outside those that the caller named. */
  encodeContent(coding: string): void {
    const [inner] = this.#headers.get('content-encoding') ?? []
    this.#headers.set('content-encoding', [
      inner === undefined ? coding : `${coding},${String(inner)}`,
    ])
  }

  /** Sends other bytes in place of the body. */
  replaceBody(body: Uint8Array): void {
    this.#wipeBody()
    this.#body = body
  }

  /** Replaces secrets by placeholders. Afterwards the request belongs to what this returns. */
  finish(): FinishedRequest {
    if (this.#cookies.length > 0) this.addHeader('cookie', ...this.#cookies)
    const held: SecretHeader[] = []
    const textOf = (pieces: readonly Piece[]): string => {
      let text = ''
      for (const piece of pieces) {
        if (typeof piece === 'string') {
          text += piece
        } else {
          const secret = holdSecretHeader(piece)
          held.push(secret)
          text += secret.placeholder
        }
      }
      return text
    }
    const headers = new Map<string, string>()
    for (const [name, value] of this.#headers) headers.set(name, textOf(value))
    return {
      target: textOf(this.target),
      headers,
      body: this.#body,
      release: () => {
        for (const secret of held) secret.release()
      },
      wipeBody: () => this.#wipeBody(),
    }
  }

  /** Wipes every secret that was taken over. */
  wipe(): void {
    const pieces = [this.#pathStart, this.#segments ?? [], this.#search, this.#cookies]
    for (const piece of [...pieces.flat(), ...[...this.#headers.values()].flat()]) {
      if (typeof piece !== 'string') piece.fill(0)
    }
    this.#wipeBody()
  }

  #wipeBody(): void {
    if (this.#body !== this.#caller.body) this.#body?.fill(0)
  }

  #addCookie(name: string, value: Buffer): void {
    // A caller cannot set cookies at all.
    this.#cookies.push(`${this.#cookies.length === 0 ? '' : '; '}${name}=`, value)
  }

  #putPath(place: Extract<Injection, { in: 'path' }>, value: Buffer): void {
    const { pathname } = this.#caller.path
    if (place.segment === undefined) {
      // The library wants to see that a path starts with its slash.
      this.#pathStart.push('/', value.subarray(1))
      // What follows the secret may be nothing: a webhook's path ends with it.
      if (pathname === '/') this.#segments ??= []
      return
    }
    this.#segments ??= pathname.split('/').slice(1)
    if (this.#segments[place.segment - 1] !== place.template) {
      throw new EnclaveError(
        'INVALID_REQUEST',
        `segment ${place.segment} of the path must be ${place.template}, where the credential goes`,
      )
    }
    this.#segments[place.segment - 1] = value
  }

  #addBodyField(format: BodyFormat, name: string, value: Buffer): void {
    if (this.method === 'GET') {
      throw new EnclaveError(
        'INVALID_REQUEST',
        'the credential goes into the body, and a GET request has none; use another method',
      )
    }
    if (this.#filledHeaders.has('content-encoding')) {
      throw new EnclaveError(
        'INVALID_REQUEST',
        'the credential goes into the body, which must not be compressed',
      )
    }
    const [named] = this.#filledHeaders.has('content-type')
      ? (this.#headers.get('content-type') ?? [])
      : []
    const type = bodyContentType(format, typeof named === 'string' ? named : undefined)
    this.#bodyForms ??= bodyFieldForms(format, this.#caller.body)
    if (this.#bodyForms.has(parameterForm(name))) {
      throw new EnclaveError('INVALID_REQUEST', 'the credential’s own body field cannot be set')
    }
    const before = this.#body
    this.#body = withBodyField(format, before, { name, value })
    if (before !== this.#caller.body) before?.fill(0)
    value.fill(0)
    this.#headers.set('content-type', [type])
  }
}
