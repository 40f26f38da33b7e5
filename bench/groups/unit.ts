import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import type { GroupSetup } from '../lib/group.ts'

/** Name of the variant that defines V. */
export const unitName = 'V: ES256 verify, node:crypto, cached key'

const dsaEncoding = 'ieee-p1363'

/** V, the unit of all other costs, and the signature for comparison. */
export const unitGroup: GroupSetup = async ({ quick }) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cached: KeyObject = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
  const message = Buffer.alloc(420, 7)
  const signature = sign('sha256', message, { key: privateKey, dsaEncoding })
  const count = quick ? 2000 : 5000
  return {
    name: 'unit',
    about: 'V is the cost of one ES256 verification; every other cost can be read in V',
    variants: [
      {
        name: unitName,
        count,
        run: async (n) => {
          for (let i = 0; i < n; i += 1) {
            if (!verify('sha256', message, { key: cached, dsaEncoding }, signature)) {
              throw new Error('a good signature did not verify')
            }
          }
        },
      },
      {
        name: 'ES256 sign, node:crypto',
        count,
        run: async (n) => {
          for (let i = 0; i < n; i += 1) sign('sha256', message, { key: privateKey, dsaEncoding })
        },
      },
    ],
    ratios: () => ({}),
  }
}
