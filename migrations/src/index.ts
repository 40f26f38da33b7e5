import { accounts } from './0001_accounts.ts'
import { oauth } from './0002_oauth.ts'
import { connections } from './0003_connections.ts'
import { oidc } from './0004_oidc.ts'
import { audit } from './0005_audit.ts'
import { tokenCredentials } from './0006_token_credentials.ts'
import { registration } from './0007_registration.ts'
import { grants } from './0008_grants.ts'
import { apiKeysAndIssuers } from './0009_api_keys_and_issuers.ts'
import { toolManifests } from './0010_tool_manifests.ts'
import { connectTickets } from './0011_connect_tickets.ts'
import { connectChoices } from './0012_connect_choices.ts'
import { providerRevocation } from './0013_provider_revocation.ts'
import { attempts } from './0014_attempts.ts'
import { usedEnvelopes } from './0015_used_envelopes.ts'
import { signInAddresses } from './0016_sign_in_addresses.ts'
import { smallUsedEnvelopes } from './0017_small_used_envelopes.ts'
import type { Migration } from './migration.ts'

export type { Migration }

/** All migrations by name, oldest first; a new one is added at the end. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_accounts': accounts,
  '0002_oauth': oauth,
  '0003_connections': connections,
  '0004_oidc': oidc,
  '0005_audit': audit,
  '0006_token_credentials': tokenCredentials,
  '0007_registration': registration,
  '0008_grants': grants,
  '0009_api_keys_and_issuers': apiKeysAndIssuers,
  '0010_tool_manifests': toolManifests,
  '0011_connect_tickets': connectTickets,
  '0012_connect_choices': connectChoices,
  '0013_provider_revocation': providerRevocation,
  '0014_attempts': attempts,
  '0015_used_envelopes': usedEnvelopes,
  '0016_sign_in_addresses': signInAddresses,
  '0017_small_used_envelopes': smallUsedEnvelopes,
}
