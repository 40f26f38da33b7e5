export { accessPage } from './access-page.ts'
export { accountName } from './account.ts'
export {
  canonicalBaseUrl,
  matchBaseUrl,
  resolveBaseUrl,
  fillTemplate,
  type Variables,
} from './base-url.ts'
export {
  type AddedProvider,
  type Catalog,
  findProvider,
  loadCatalog,
  parseProvider,
  suggestProviders,
} from './catalog.ts'
export { ProviderError, type ProviderErrorCode } from './errors.ts'
export { connectionIdentity, type ConnectionIdentity } from './identity.ts'
export { describeKey } from './key-words.ts'
export { lintProvider, type LintProblem } from './lint.ts'
export { type ChosenPolicy, choosePolicy, type PolicyChoice } from './policy.ts'
export { checkKey, type KeyFinding, type Recognized, recognizeKey } from './recognize.ts'
export {
  findKind,
  isPasted,
  type ProviderReservation,
  type ReservationInputs,
  toOAuthApp,
  toReservation,
} from './reservation.ts'
export {
  type Provider,
  type ProviderData,
  type ProviderField,
  type ProviderInput,
  type ProviderKind,
  type ProviderOperation,
  providerSchema,
  type ProviderVariable,
  variableNames,
} from './schema.ts'
