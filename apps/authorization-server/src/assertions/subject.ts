import type { Storage } from '@holdfast/storage'
import { AssertionError } from './errors.ts'
import type { SubjectRule } from './trust.ts'
import type { VerifiedAssertion } from './verify.ts'

/** Whom an assertion speaks of here. */
export type MappedSubject = { readonly user: string } | { readonly client: true }

/**
 * Finds whom an assertion speaks of: the first rule that fits decides, and no rule means nobody.
 *
 * @throws AssertionError
 */
export async function mapSubject(
  { users }: Pick<Storage, 'users'>,
  { issuer, claims }: VerifiedAssertion,
): Promise<MappedSubject> {
  const rule = issuer.trust.subjects.find((one) => fits(one, claims))
  if (!rule) throw new AssertionError('no rule of its issuer fits its subject')
  if (rule.client) return { client: true }
  if (rule.user !== undefined) return { user: rule.user }
  const email = claims[rule.user_by_email ?? '']
  const isDenied = claims['email_verified'] === false || claims['email_verified'] === 'false'
  const user =
    typeof email === 'string' && email.length <= 320 && !isDenied
      ? await users.findByEmail(email)
      : undefined
  if (!user) throw new AssertionError('its subject is no user of this server')
  return { user: user.id }
}

function fits({ subject, claims = {} }: SubjectRule, actual: VerifiedAssertion['claims']): boolean {
  const isSubject = subject.endsWith('*')
    ? actual.sub.startsWith(subject.slice(0, -1))
    : actual.sub === subject
  return isSubject && Object.entries(claims).every(([name, value]) => actual[name] === value)
}
