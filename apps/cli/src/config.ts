export { type Config, type Flags, loadConfig } from './config/load.ts'
export { explainConfig } from './config/explain.ts'
export { projectRoot } from './config/default-data-dir.ts'
