import {
  createDpopVerifier,
  createMemoryReplayStore,
  type DpopVerifier,
} from '@holdfast/protocol/token'
import type { AppContext } from '../context.ts'
import { sha256Base64url, verifySignature } from './node-crypto.ts'

/** Makes the check of the proofs that one of our own resources takes; each remembers its own. */
export const createProofVerifier = ({
  clock,
  processStart,
}: Pick<AppContext, 'clock' | 'processStart'>): DpopVerifier =>
  createDpopVerifier({
    replay: createMemoryReplayStore({ now: clock }),
    sha256: sha256Base64url,
    verifySignature,
    notBefore: processStart,
    now: clock,
  })
