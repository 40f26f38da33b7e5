import { z } from 'zod'
import type { Identified } from '../dispatch/identify-connection.ts'
import { connectionView, viewConnection } from './connection-view.ts'

/** What the identity request of a connection said. */
export const identityView = z.object({
  result: z.enum(['ok', 'refused', 'forbidden', 'failed', 'unavailable']),
  /** The account, as the provider names it; null where it does not. */
  account: z.string().nullable(),
  /** Status of the provider's answer. */
  status: z.int().nullable(),
  /** Why there was no answer. */
  code: z.string().nullable(),
  /** The same in words. */
  reason: z.string().nullable(),
  connection: connectionView,
})

/** The {@link identityView} of an identity request. */
export const viewIdentity = (identified: Identified): z.infer<typeof identityView> => ({
  result: identified.result,
  account: identified.account ?? null,
  status: identified.status ?? null,
  code: identified.code ?? null,
  reason: identified.reason ?? null,
  connection: viewConnection(identified.connection),
})
