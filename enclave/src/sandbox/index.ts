export { readLaunchRecord, type LaunchRecord } from './launch-record.ts'
export { sealProcess, type SealOptions, type SealResult } from './self-seal.ts'
export { attackTargetsSchema, runSelfTest, type AttackTargets } from './self-test.ts'
