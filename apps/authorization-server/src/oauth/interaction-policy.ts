import { interactionPolicy } from 'oidc-provider'

/** Reason of a sign-in prompt whose session names a user who is disabled or gone. */
export const accountGone = 'account_gone'

/** Sign in, then consent: the library's prompts, and one check that it lacks. */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        accountGone,
        'the signed-in account is no longer available',
        ({ oidc }) => oidc.session?.accountId !== undefined && oidc.account === undefined,
      ),
    )
  return policy
}
