/** What tests of the catalog and of its users share. */
export { samplePattern } from './key-pattern.ts'
export { exampleVariables, hostileValues } from './lint.ts'
