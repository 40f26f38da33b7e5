import { z } from 'zod'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { clientKeysSchema } from '../registration/client-keys.ts'

/** What an issuer's word is taken for. */
export const issuerUses = ['token-exchange', 'workload', 'id-jag'] as const
export type IssuerUse = (typeof issuerUses)[number]

/** Text, or a beginning of at least one character and `*`. */
const pattern = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^*]+\*?$/, 'may hold one * at its end')

const subjectRule = z
  .strictObject({
    /** The `sub` of the assertion. */
    subject: pattern,
    /** Further claims that must be exactly this. */
    claims: z.record(z.string().min(1).max(100), z.string().max(512)).optional(),
    /** A user's id. */
    user: z.string().startsWith('usr_').max(64).optional(),
    /** The claim that holds a user's e-mail address, which `email_verified` may not deny. */
    user_by_email: z.string().min(1).max(100).optional(),
    /** The token is the client's own. */
    client: z.literal(true).optional(),
  })
  .refine(
    (rule) => [rule.user, rule.user_by_email, rule.client].filter(Boolean).length === 1,
    'needs one of user, user_by_email and client',
  )
export type SubjectRule = z.infer<typeof subjectRule>

/** The rules of an issuer, as they are stored. */
export const trustSchema = z
  .strictObject({
    uses: z.array(z.enum(issuerUses)).min(1).max(issuerUses.length),
    /** Where its keys are; or the keys. */
    jwks_uri: z.string().max(2048).optional(),
    jwks: clientKeysOrEd25519().optional(),
    /** `aud` of exchanged tokens; assertions are always made out to this server. */
    audience: z.string().min(1).max(2048).optional(),
    subjects: z.array(subjectRule).min(1).max(100),
    clients: z.array(z.string().min(1).max(2048)).min(1).max(100),
    resources: z.array(z.string().max(2048)).min(1).max(100),
    /** Absent = every scope of those resources. */
    scopes: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
    /** Longest life of an assertion of a workload. */
    max_lifetime: z.int().min(60).max(86_400).default(3600),
    /**
     * False for platforms that hand out the same token until it is about to end, as Kubernetes does:
     * it may then be used again.
     */
    single_use: z.boolean().default(true),
  })
  .refine(({ jwks, jwks_uri: uri }) => (jwks === undefined) !== (uri === undefined), {
    path: ['jwks_uri'],
    error: 'give either jwks_uri or jwks',
  })
  .refine(({ uses, audience }) => !uses.includes('token-exchange') || audience !== undefined, {
    path: ['audience'],
    error: 'is needed for token-exchange: the audience of the tokens that are exchanged',
  })
  .refine(
    ({ uses, subjects }) =>
      (!uses.includes('id-jag') && !uses.includes('token-exchange')) ||
      subjects.every((rule) => rule.client === undefined),
    { path: ['subjects'], error: 'only workloads become clients: the others speak for users' },
  )
export type Trust = z.infer<typeof trustSchema>

/** An issuer to trust. */
export const newIssuerSchema = z.strictObject({
  /** The `iss` of its assertions, byte for byte. */
  issuer: z.string().max(512).superRefine(checkIssuer),
  trust: trustSchema,
})

function clientKeysOrEd25519() {
  const ed25519 = z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    kid: z.string().max(256).optional(),
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    use: z.literal('sig').optional(),
  })
  return z.union([clientKeysSchema, z.strictObject({ keys: z.array(ed25519).min(1).max(10) })])
}

/** Exactly one spelling: two that look alike would be two issuers. */
function checkIssuer(text: string, check: z.RefinementCtx): void {
  const url = URL.parse(text)
  const bare = url?.pathname === '/' ? url.origin : url?.href
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    (text === bare || text === `${bare}/`) &&
    canonicalResource(text) !== undefined &&
    !/%|\\/.test(text)
  if (!isPlain) {
    check.addIssue({
      code: 'custom',
      message: 'must be an https URL in its plain spelling, without query, fragment or escapes',
    })
  }
}
