import { join } from 'node:path'
import { type EnclaveStatus, enclaveStatusSchema } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { recordKeyRotation } from '../audit/key-rotation.ts'
import { recordEvent } from '../audit/recorder.ts'
import type { Actor } from '../connections/parts.ts'
import type { AppContext } from '../context.ts'
import type { SigningKeyRotation } from '../keystore.ts'
import { signingAlgorithms } from '../signing-algorithms.ts'
import { optionalTime, timeText } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'
import type { SealingKeys } from './sealing-keys.ts'

const statusView = z.object({
  version: z.string(),
  issuer: z.string(),
  node: z.string(),
  pid: z.int(),
  production: z.boolean(),
  uptime_seconds: z.int(),
  signing_keys: z.array(
    z.object({
      kid: z.string(),
      alg: z.string(),
      state: z.string(),
      /** When it came into its state. */
      since: z.string(),
    }),
  ),
  /** When the next key signs by itself; null where only a command makes it. */
  signing_rotation_due: z.string().nullable(),
  storage: z.object({ database: z.string(), enclave_socket: z.string() }),
  audit: z.object({ seq: z.int(), hash: z.string() }),
  /** Null while the enclave does not answer. */
  enclave: enclaveStatusSchema.nullable(),
})

const rotationView = z.object({
  what: z.enum(['signing', 'sealing']),
  /** Id of the key in use from now on. */
  kid: z.string(),
  /** Of a signing key. */
  alg: z.enum(signingAlgorithms).optional(),
  /** The published signing key that comes next. */
  next_kid: z.string().optional(),
  /** When it signs by itself: verifiers get to know a key of another algorithm first. */
  next_signs_from: z.string().optional(),
})

const rotationRequest = z
  .strictObject({
    what: z.enum(['signing', 'sealing']),
    alg: z.enum(signingAlgorithms).optional(),
  })
  .refine(({ what, alg }) => alg === undefined || what === 'signing', {
    path: ['alg'],
    message: 'is for signing keys',
  })

/** Version of this process. */
export const serverVersion = '0.1.0'

/** The state of this server and its keys, for administrators. */
export function adminRoutes(
  context: Pick<AppContext, 'config' | 'storage' | 'enclave' | 'keystore'>,
  sealingKeys: SealingKeys,
): readonly AnyRoute[] {
  const { config, storage, enclave, keystore } = context
  return [
    defineRoute({
      method: 'get',
      path: '/v1/status',
      scope: 'admin',
      response: statusView,
      handle: async () => ({
        version: serverVersion,
        issuer: config.issuer,
        node: process.version,
        pid: process.pid,
        production: config.production,
        uptime_seconds: Math.round(process.uptime()),
        signing_keys: keystore.keys().map(({ kid, alg, state, sinceMs }) => ({
          kid,
          alg,
          state,
          since: timeText(sinceMs),
        })),
        signing_rotation_due: optionalTime(keystore.rotationDueMs()),
        storage: {
          database: join(config.dataDir, 'holdfast.db'),
          enclave_socket: config.enclaveSocket,
        },
        audit: await storage.audit.head(),
        enclave: await enclave.status().catch((): EnclaveStatus | null => null),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/keys/rotate',
      scope: 'admin',
      body: rotationRequest,
      response: rotationView,
      handle: async ({ actor, body: { what, alg } }) => {
        if (what === 'signing') {
          const rotation = await keystore.rotate(alg)
          await recordKeyRotation(storage.audit, rotation, actor)
          return rotationViewOf(rotation)
        }
        const kid = (await sealingKeys.rotate()).key_set.keys[0]?.kid ?? ''
        await auditSealing(storage, actor, kid)
        return { what, kid }
      },
    }),
  ]
}

const rotationViewOf = (rotation: SigningKeyRotation): z.infer<typeof rotationView> => ({
  what: 'signing',
  kid: rotation.signing_kid,
  alg: rotation.alg,
  next_kid: rotation.next_kid,
  ...(rotation.next_signs_from_ms !== undefined && {
    next_signs_from: timeText(rotation.next_signs_from_ms),
  }),
})

const auditSealing = (storage: AppContext['storage'], actor: Actor, kid: string) =>
  recordEvent(storage.audit, {
    type: 'keys.sealing_rotated',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    subject: kid,
    request_id: actor.requestId,
  })
