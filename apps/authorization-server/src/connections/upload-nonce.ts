import { randomBytes } from 'node:crypto'
import type { UploadNonce } from '@holdfast/storage'

/** How long a reservation waits for its credential. */
export const uploadTtlMs = 900_000

/** A fresh one-time right to upload: 256 random bits. */
export const newUploadNonce = (nowMs: number): UploadNonce => ({
  nonce: randomBytes(32).toString('base64url'),
  expiresAtMs: nowMs + uploadTtlMs,
})
