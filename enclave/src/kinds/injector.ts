import type { CredentialKind } from '@holdfast/protocol'

/** A header that carries a secret. */
export interface InjectedHeader {
  readonly name: string
  /** The whole value in a buffer of its own. Whoever asked for it wipes it. */
  readonly value: Buffer
}

/**
 * How a kind of credential gets into a request. One file each; other kinds (OAuth, signatures) join
 * here.
 */
export interface CredentialInjector<Kind extends CredentialKind = CredentialKind> {
  /**
   * The header to send. Called for each dispatch, after policy and pins allowed it. Secrets stay
   * bytes: an implementation never makes a string of them.
   *
   * @param secrets - views that are wiped after the request is built; copy, do not keep
   */
  inject(kind: Kind, secrets: Readonly<Record<string, Uint8Array>>): InjectedHeader
}
