export { type Config, type Flags, type LoadedConfig, loadConfig } from './config/load.ts'
export { explainConfig, type ExplainedSetting } from './config/explain.ts'
export { projectRoot } from './config/default-data-dir.ts'
