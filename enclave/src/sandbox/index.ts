export { sealProcess, type SealOptions, type SealResult } from './self-seal.ts'
export { attackTargetsSchema, runSelfTest, type AttackTargets } from './self-test.ts'
