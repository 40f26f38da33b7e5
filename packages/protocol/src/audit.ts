export { encodeAuditRecord, genesisHash, sortedByName } from './audit-record.ts'
export type {
  AuditDetail,
  AuditEntry,
  AuditOutcome,
  AuditPoint,
  AuditRecord,
} from './audit-record.ts'
export { verifyAuditChain } from './audit-verify.ts'
export type { AuditProblem, AuditVerification, AuditVerifyOptions } from './audit-verify.ts'
export type { SignedAuditHead } from './enclave.ts'
