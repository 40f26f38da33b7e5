export { readProviderFiles } from './provider-files.ts'
