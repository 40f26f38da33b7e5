import type { StaticClient } from './client-identity.ts'
import { extensionGrant } from './extension-grant.ts'
import { targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { grantTypes } from './token-types.ts'

/** A workload whose platform vouches for it. */
export interface WorkloadIdentityOptions extends GrantAuthOptions {
  readonly client: StaticClient
  /** The platform's JWT for this authorization server, asked for each time. A secret. */
  readonly assertion: (audience: string) => string | Promise<string>
}

/**
 * A workload that presents its platform's JWT (Kubernetes, GitHub Actions, a cloud) instead of a
 * secret of its own. A refusal is final: nothing else is tried.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1}
 */
export class WorkloadIdentityAuth extends GrantAuth {
  constructor(options: WorkloadIdentityOptions) {
    super(
      {
        grantTypes: [grantTypes.jwtBearer],
        wantsRefresh: false,
        obtain: async (request) =>
          extensionGrant(request, grantTypes.jwtBearer, {
            assertion: await options.assertion(request.server.issuer),
            ...targetParameters(request),
          }),
      },
      options,
    )
  }
}
